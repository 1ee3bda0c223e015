// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* operators.c - the operators of PyTorch on a section's stacks. */
#include "analyse/stacks/operators.h"
#include "sampled_report.h"

static const struct dcbs_operator *find_operator(const struct dcbs_report *r, const char *section, const char *name)
{
	size_t i;

	for (i = 0; i < r->nr_operators; i++)
		if (!strcmp(r->operators[i].section, section) && !strcmp(r->operators[i].name, name))
			return &r->operators[i];
	fail_msg("%s has no %s", section, name);
	return NULL;
}

/* The innermost operator has the time itself; one that is on the stack twice counts once. */
static void test_nested(void **state)
{
	struct snapshot *snap = sampled_report_section(10 * SEC);
	__u32 kernel = stacks_frame(snap, "sgemm_kernel", "libblas.so", 0, false);
	__u32 mm = stacks_frame(snap, "at::_ops::mm::call(at::Tensor const&, at::Tensor const&)", "libtorch_cpu.so", 0, false);
	__u32 again = stacks_frame(snap, "at::_ops::mm::redispatch(c10::DispatchKeySet, at::Tensor const&)", "libtorch_cpu.so", 0, false);
	__u32 linear = stacks_frame(snap, "at::_ops::linear::call(at::Tensor const&)", "libtorch_cpu.so", 0, false);
	__u32 forward = stacks_frame(snap, "forward", "model.py", 7, true);
	struct dcbs_report *r;

	(void)state;
	stacks_ran(STACK(snap, 0, forward, linear, mm, again, kernel), 7);
	stacks_ran(STACK(snap, 0, forward, linear), 1);
	stacks_ran(STACK(snap, 0, forward), 2);
	r = sampled_report(snap);
	assert_int_equal(r->nr_operators, 2);
	near(find_operator(r, "work", "aten::mm")->self_s, 7);
	near(find_operator(r, "work", "aten::mm")->cumulative_s, 7);
	near(find_operator(r, "work", "aten::linear")->self_s, 1);
	near(find_operator(r, "work", "aten::linear")->cumulative_s, 8);
	assert_int_equal(find_operator(r, "work", "aten::mm")->self_samples, 7);
	assert_true(find_operator(r, "work", "aten::mm")->self_error_s > 0.5);
	assert_string_equal(r->operators[0].name, "aten::mm");
	dcbs_report_free(r);
}

/* Only the functions by which operators are called count, and no Python function of such a name. */
static void test_other_names(void **state)
{
	static const char *const names[] = {"at::_ops::", "at::_ops::mm", "at::_ops::::call", "at::_ops::mm::name", "at::native::mm(at::Tensor)", ""};
	struct snapshot *snap = sampled_report_section(10 * SEC);
	struct dcbs_report *r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		stacks_ran(STACK(snap, 0, stacks_frame(snap, names[i], "libtorch_cpu.so", 0, false)), 1);
	stacks_ran(STACK(snap, 0, stacks_frame(snap, "at::_ops::mm::call", "mm.py", 3, true)), 1);
	r = sampled_report(snap);
	assert_int_equal(r->nr_operators, 0);
	dcbs_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_other_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
