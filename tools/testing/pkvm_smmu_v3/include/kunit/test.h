/* SPDX-License-Identifier: GPL-2.0-only */
/* As much of KUnit as the suites of the emulated SMMU use. */
#ifndef _MODEL_KUNIT_TEST_H
#define _MODEL_KUNIT_TEST_H

#include <setjmp.h>
#include <stdio.h>
#include <linux/kernel.h>

struct kunit {
	const void *param_value;
	unsigned int failures;
	jmp_buf abort;
};

struct kunit_case {
	void (*run_case)(struct kunit *test);
	const char *name;
	const void *(*generate_params)(struct kunit *test, const void *prev, char *desc);
};

struct kunit_suite {
	const char *name;
	struct kunit_case *test_cases;
};

void kunit_register(struct kunit_suite **suites, unsigned int n);
void kunit_check(struct kunit *test, bool ok, bool fatal, const char *what,
		 const char *file, int line);

#define KUNIT_CASE(fn)			{ .run_case = fn, .name = #fn }
#define KUNIT_CASE_PARAM(fn, gen)						\
	{ .run_case = fn, .name = #fn, .generate_params = gen }

#define KUNIT_ARRAY_PARAM_DESC(_name, array, ...)				\
static const void *_name##_gen_params(struct kunit *test, const void *prev,	\
				      char *desc)				\
{										\
	__auto_type table = &(array);						\
	typeof(&(*table)[0]) next = prev ? prev : *table;			\
										\
	if (prev)								\
		next++;								\
	return next - *table < (long)ARRAY_SIZE(*table) ? next : NULL;		\
}

#define kunit_test_suites(...)							\
static void __attribute__((constructor)) register_suites(void)			\
{										\
	static struct kunit_suite *suites[] = { __VA_ARGS__ };			\
										\
	kunit_register(suites, ARRAY_SIZE(suites));				\
}

#define KUNIT_EXPECT(test, cond)						\
	kunit_check(test, cond, false, #cond, __FILE__, __LINE__)
#define KUNIT_ASSERT(test, cond)						\
	kunit_check(test, cond, true, #cond, __FILE__, __LINE__)

#define KUNIT_EXPECT_EQ(test, a, b)		KUNIT_EXPECT(test, (a) == (b))
#define KUNIT_EXPECT_EQ_MSG(test, a, b, ...)	KUNIT_EXPECT(test, (a) == (b))
#define KUNIT_EXPECT_NE(test, a, b)		KUNIT_EXPECT(test, (a) != (b))
#define KUNIT_EXPECT_LT(test, a, b)		KUNIT_EXPECT(test, (a) < (b))
#define KUNIT_EXPECT_LE(test, a, b)		KUNIT_EXPECT(test, (a) <= (b))
#define KUNIT_EXPECT_LE_MSG(test, a, b, ...)	KUNIT_EXPECT(test, (a) <= (b))
#define KUNIT_EXPECT_GE_MSG(test, a, b, ...)	KUNIT_EXPECT(test, (a) >= (b))
#define KUNIT_EXPECT_PTR_EQ(test, a, b)		KUNIT_EXPECT(test, (a) == (b))
#define KUNIT_EXPECT_PTR_NE(test, a, b)		KUNIT_EXPECT(test, (a) != (b))
#define KUNIT_EXPECT_TRUE(test, a)		KUNIT_EXPECT(test, (a))
#define KUNIT_EXPECT_TRUE_MSG(test, a, ...)	KUNIT_EXPECT(test, (a))
#define KUNIT_EXPECT_FALSE(test, a)		KUNIT_EXPECT(test, !(a))
#define KUNIT_EXPECT_FALSE_MSG(test, a, ...)	KUNIT_EXPECT(test, !(a))
#define KUNIT_EXPECT_STREQ(test, a, b)		KUNIT_EXPECT(test, !strcmp(a, b))
#define KUNIT_EXPECT_STRNEQ(test, a, b)		KUNIT_EXPECT(test, strcmp(a, b))
#define KUNIT_EXPECT_MEMEQ(test, a, b, n)	KUNIT_EXPECT(test, !memcmp(a, b, n))
#define KUNIT_FAIL(test, ...)			KUNIT_EXPECT(test, 0)
#define KUNIT_ASSERT_EQ(test, a, b)		KUNIT_ASSERT(test, (a) == (b))
#define KUNIT_ASSERT_EQ_MSG(test, a, b, ...)	KUNIT_ASSERT(test, (a) == (b))
#define KUNIT_ASSERT_GT(test, a, b)		KUNIT_ASSERT(test, (a) > (b))
#define KUNIT_ASSERT_LT(test, a, b)		KUNIT_ASSERT(test, (a) < (b))
#define KUNIT_ASSERT_TRUE(test, a)		KUNIT_ASSERT(test, (a))
#define KUNIT_ASSERT_FALSE(test, a)		KUNIT_ASSERT(test, !(a))
#define KUNIT_ASSERT_NULL(test, a)		KUNIT_ASSERT(test, !(a))
#define KUNIT_ASSERT_NOT_NULL(test, a)		KUNIT_ASSERT(test, (a))

#define MODULE_IMPORT_NS(ns)
#define MODULE_DESCRIPTION(desc)
#define MODULE_LICENSE(license)

#endif /* _MODEL_KUNIT_TEST_H */
