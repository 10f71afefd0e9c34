// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attack.h"
#include "edu.h"
#include "env.h"

/*
 * Four bytes are enough for a secret, and cause a single event: the kernel limits
 * how many events it logs.
 */
#define WORD	sizeof(uint32_t)

/* Find the SMMU's first event for @port since @log was opened. */
static void find_event(struct port *port, int log, char *event, size_t size)
{
	char text[256], client[32];

	snprintf(client, sizeof(client), "client: %s ", port->bdf);
	snprintf(event, size, "none");

	/* A threaded interrupt handler logs the event. */
	usleep(50 * 1000);
	while (kmsg_next(log, text, sizeof(text))) {
		if (!strstr(text, "event: ") || !strstr(text, client))
			continue;
		snprintf(event, size, "%s", strstr(text, "event: ") + strlen("event: "));
		return;
	}
}

static bool report(struct port *port, const char *target, const char *verb,
		   bool reached, int log)
{
	char event[256];

	find_event(port, log, event, sizeof(event));
	close(log);
	printf("# attack: edu %s | %s | %s | %s | %s | %s\n", port->bdf,
	       port_name(port), target, verb, reached ? "REACHED" : "stopped", event);
	fflush(stdout);
	return reached;
}

/* The device reads the 32 bits at @addr. Returns true if it got @secret. */
bool attack_read(struct port *port, const char *target, uint64_t addr, uint32_t secret)
{
	int log = kmsg_open(true);
	uint32_t got;

	port_read(port, addr, &got, NULL, WORD);
	return report(port, target, "read", got == secret, log);
}

/*
 * The device reads @len bytes at @addr. Returns true if it got anything but zeros
 * and the previous content of its buffer.
 */
bool attack_probe(struct port *port, const char *target, uint64_t addr, size_t len)
{
	static const unsigned char zeros[EDU_BUF_SIZE];
	unsigned char got[EDU_BUF_SIZE], prime[EDU_BUF_SIZE];
	int log = kmsg_open(true);

	port_read(port, addr, got, prime, len);
	return report(port, target, "read",
		      memcmp(got, prime, len) && memcmp(got, zeros, len), log);
}

/*
 * The device writes 32 bits to @addr and reads them back. Returns true if it read what it
 * had written; the old value is restored then.
 */
bool attack_write_back(struct port *port, const char *target, uint64_t addr)
{
	uint32_t before, pattern, after;
	int log = kmsg_open(true);
	bool reached;

	port_read(port, addr, &before, NULL, WORD);
	fill_random(&pattern, WORD);
	port_write(port, addr, &pattern, WORD);
	port_read(port, addr, &after, NULL, WORD);

	reached = after == pattern;
	if (reached)
		port_write(port, addr, &before, WORD);
	return report(port, target, "write", reached, log);
}

/*
 * The device writes a new value to @addr. @observe(@data) returns the value that the
 * memory's owner finds there. Returns true if that is the new value.
 */
bool attack_write(struct port *port, const char *target, uint64_t addr,
		  uint32_t (*observe)(void *data), void *data)
{
	int log = kmsg_open(true);
	uint32_t pattern;

	fill_random(&pattern, WORD);
	port_write(port, addr, &pattern, WORD);
	return report(port, target, "write", observe(data) == pattern, log);
}

bool dma_works_at(struct port *port, uint64_t addr, void *va)
{
	uint32_t pattern, got;

	fill_random(&pattern, WORD);
	memcpy(va, &pattern, WORD);
	port_read(port, addr, &got, NULL, WORD);
	if (got != pattern)
		return false;

	fill_random(&pattern, WORD);
	port_write(port, addr, &pattern, WORD);
	return !memcmp(va, &pattern, WORD);
}

bool dma_works(struct port *port, void *va)
{
	return dma_works_at(port, port_map_user(port, va, page_size()), va);
}
