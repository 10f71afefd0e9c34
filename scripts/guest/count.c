// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plugin for QEMU's TCG that counts the instructions of each exception level
 * while the guest is in a window, and says so in QEMU's log, between the trace
 * events and exceptions that are logged there too.
 *
 * The guest opens and closes windows by an instruction that does nothing, "movz
 * xzr, #imm". A window that is opened by MARK_STEPPED begins at the WARM-th
 * execution of the instruction at STEP after that, and ends STEPS executions
 * later; the guest may do as many more as it likes.
 *
 * In the log:
 *   count: open EL0 EL1 EL2 EL3 F	instructions since the machine was reset, and how many
 *				of EL2's flush a line of a cache (DC CIVAC)
 *   count: at ADDRESS N		EL2 executed this N times in the window that closes,
 *				or before the first window (PROFILE only)
 *   count: close EL0 EL1 EL2 EL3 F
 *   count: short			the window did not get as many steps
 *
 * QEMU's own header for plugins is not packaged everywhere: what is used of the
 * interface is declared here. API is its version: 4 for QEMU 10, or 7 for QEMU 11,
 * where callbacks get a pointer of the plugin's instead of the plugin's ID.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_scoreboard;
struct qemu_plugin_register;

typedef uint64_t qemu_plugin_id_t;
typedef struct { struct qemu_plugin_scoreboard *score; size_t offset; } qemu_plugin_u64;
typedef struct {
	struct qemu_plugin_register *handle;
	const char *name;
	const char *feature;
} qemu_plugin_reg_descriptor;
typedef struct { char *data; unsigned int len; } GArray;
typedef struct { uint8_t *data; unsigned int len; } GByteArray;

enum { QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_CB_R_REGS };
enum { QEMU_PLUGIN_INLINE_ADD_U64 };

#if API >= 7
void qemu_plugin_register_vcpu_init_cb(qemu_plugin_id_t id,
				       void (*cb)(unsigned int vcpu, void *data), void *data);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
					   void (*cb)(struct qemu_plugin_tb *tb, void *data),
					   void *data);
#define register_vcpu_init(id, cb)	qemu_plugin_register_vcpu_init_cb(id, cb, NULL)
#define register_translation(id, cb)	qemu_plugin_register_vcpu_tb_trans_cb(id, cb, NULL)
#define CB_ARGS(arg)			(arg, void *data)
#else
void qemu_plugin_register_vcpu_init_cb(qemu_plugin_id_t id,
				       void (*cb)(qemu_plugin_id_t id, unsigned int vcpu));
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
					   void (*cb)(qemu_plugin_id_t id,
						      struct qemu_plugin_tb *tb));
#define register_vcpu_init		qemu_plugin_register_vcpu_init_cb
#define register_translation		qemu_plugin_register_vcpu_tb_trans_cb
#define CB_ARGS(arg)			(qemu_plugin_id_t id, arg)
#endif

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *dest, size_t len);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    void (*cb)(unsigned int vcpu, void *data),
					    int flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(struct qemu_plugin_insn *insn, int op,
							 qemu_plugin_u64 entry, uint64_t value);
struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t size);
uint64_t qemu_plugin_u64_sum(qemu_plugin_u64 entry);
GArray *qemu_plugin_get_registers(void);
int qemu_plugin_read_register(struct qemu_plugin_register *handle, GByteArray *value);
void qemu_plugin_outs(const char *text);

/* Of glib, which QEMU brings */
GByteArray *g_byte_array_new(void);
GByteArray *g_byte_array_set_size(GByteArray *array, unsigned int length);

EXPORT int qemu_plugin_version = API;

#define MOVZ_XZR(imm)	(0xd280001fU | (uint32_t)(imm) << 5)
#define MARK_OPEN	MOVZ_XZR(0xb501)
#define MARK_STEPPED	MOVZ_XZR(0xb502)
#define MARK_CLOSE	MOVZ_XZR(0xb503)

#define DC_CIVAC(insn)	(((insn) & 0xffffffe0U) == 0xd50b7e20U)

#define NR_ELS		4
#define FLUSHES		NR_ELS		/* behind the counts of exception levels */
#define NR_COUNTS	(NR_ELS + 1)
#define PSTATE_EL(x)	((x) >> 2 & 3)
#define MAX_PCS		(1 << 17)	/* of a profile, a power of 2 */

static struct qemu_plugin_register *pstate;
static GByteArray *value;
static qemu_plugin_u64 counts[NR_COUNTS];

/* From the plugin's arguments */
static uint64_t step, warm, steps;
static bool profile;

static enum { CLOSED, WAITING, OPEN } state;
static bool stepped;
static uint64_t seen;			/* steps since the mark */

/* Instructions of EL2 */
static struct pc {
	uint64_t key;			/* address | 1, 0 if unused */
	uint64_t before;		/* executed this often when the window opened */
} pcs[MAX_PCS];
static qemu_plugin_u64 pc_counts;

static uint64_t pc_count(size_t i)
{
	return qemu_plugin_u64_sum((qemu_plugin_u64){ pc_counts.score, 8 * i });
}

static size_t pc_slot(uint64_t addr)
{
	size_t i = (addr >> 2) % MAX_PCS;

	while (pcs[i].key && pcs[i].key != (addr | 1))
		i = (i + 1) % MAX_PCS;
	pcs[i].key = addr | 1;
	return i;
}

static void dump_profile(bool print)
{
	char text[64];
	size_t i;

	for (i = 0; profile && i < MAX_PCS; i++) {
		uint64_t count = pcs[i].key ? pc_count(i) : 0;

		if (print && count > pcs[i].before) {
			snprintf(text, sizeof(text), "count: at %#" PRIx64 " %" PRIu64 "\n",
				 pcs[i].key & ~1, count - pcs[i].before);
			qemu_plugin_outs(text);
		}
		pcs[i].before = count;
	}
}

static void say(const char *what)
{
	char text[128];

	size_t i, len = snprintf(text, sizeof(text), "count: %s", what);

	for (i = 0; i < NR_COUNTS; i++)
		len += snprintf(text + len, sizeof(text) - len, " %" PRIu64,
				qemu_plugin_u64_sum(counts[i]));
	strcpy(text + len, "\n");
	qemu_plugin_outs(text);
}

static void open_window(void)
{
	static bool booted;

	state = OPEN;
	dump_profile(!booted);
	booted = true;
	say("open");
}

static void close_window(void)
{
	state = CLOSED;
	dump_profile(true);
	say("close");
}

static void mark_open(unsigned int vcpu, void *data)
{
	stepped = false;
	open_window();
}

static void mark_stepped(unsigned int vcpu, void *data)
{
	stepped = true;
	state = WAITING;
	seen = 0;
}

static void mark_close(unsigned int vcpu, void *data)
{
	if (state == OPEN && !stepped)
		close_window();
	else if (state != CLOSED)
		qemu_plugin_outs("count: short\n");
	state = CLOSED;
}

static void on_step(unsigned int vcpu, void *data)
{
	if (!stepped || state == CLOSED)
		return;
	seen++;
	if (state == WAITING && seen == warm)
		open_window();
	else if (state == OPEN && seen == warm + steps)
		close_window();
}

static int current_el(void)
{
	if (!pstate)
		return 3;
	g_byte_array_set_size(value, 0);
	qemu_plugin_read_register(pstate, value);
	return PSTATE_EL(value->data[0]);
}

static void count_insn(struct qemu_plugin_insn *insn, int el)
{
	uint64_t addr = qemu_plugin_insn_vaddr(insn);
	uint32_t opcode = 0;

	qemu_plugin_insn_data(insn, &opcode, sizeof(opcode));
	if (!el && opcode == MARK_OPEN)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, mark_open, 0, NULL);
	if (!el && opcode == MARK_STEPPED)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, mark_stepped, 0, NULL);
	if (!el && opcode == MARK_CLOSE)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, mark_close, 0, NULL);
	if (el && step && addr == step)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_step, 0, NULL);

	qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn, QEMU_PLUGIN_INLINE_ADD_U64,
							    counts[el], 1);
	if (el == 2 && DC_CIVAC(opcode))
		qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn,
				QEMU_PLUGIN_INLINE_ADD_U64, counts[FLUSHES], 1);
	if (profile && el == 2)
		qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(insn,
				QEMU_PLUGIN_INLINE_ADD_U64,
				(qemu_plugin_u64){ pc_counts.score, 8 * pc_slot(addr) }, 1);
}

/* Code is translated for the exception level that the CPU is in, just before it runs. */
static void on_translation CB_ARGS(struct qemu_plugin_tb *tb)
{
	size_t i, n = qemu_plugin_tb_n_insns(tb);
	int el = current_el();

	for (i = 0; i < n; i++)
		count_insn(qemu_plugin_tb_get_insn(tb, i), el);
}

static void on_vcpu CB_ARGS(unsigned int vcpu)
{
	GArray *registers = qemu_plugin_get_registers();
	qemu_plugin_reg_descriptor *found = (void *)registers->data;
	unsigned int i;

	for (i = 0; i < registers->len && !pstate; i++)
		if (!strcmp(found[i].name, "cpsr"))
			pstate = found[i].handle;
}

static bool argument(const char *arg, const char *name, uint64_t *to)
{
	size_t len = strlen(name);

	if (strncmp(arg, name, len) || arg[len] != '=')
		return false;
	*to = strtoull(arg + len + 1, NULL, 0);
	return true;
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	struct qemu_plugin_scoreboard *score = qemu_plugin_scoreboard_new(8 * NR_COUNTS);
	uint64_t on = 0;
	int i;

	for (i = 0; i < argc; i++) {
		if (!argument(argv[i], "step", &step) && !argument(argv[i], "warm", &warm) &&
		    !argument(argv[i], "steps", &steps) && !argument(argv[i], "profile", &on))
			return -1;
	}
	profile = on;
	if (profile)
		pc_counts.score = qemu_plugin_scoreboard_new(8 * MAX_PCS);
	for (i = 0; i < NR_COUNTS; i++)
		counts[i] = (qemu_plugin_u64){ score, 8 * i };

	value = g_byte_array_new();
	register_vcpu_init(id, on_vcpu);
	register_translation(id, on_translation);
	return 0;
}
