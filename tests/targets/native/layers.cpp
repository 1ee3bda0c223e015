// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * layers.cpp - C++ functions with qualified names, built with frame pointers.
 *
 *     layers
 *
 * Each function computes for a time that it measures, in the section `score`. Prints
 * {"pid", "functions": {NAME: seconds}}.
 */
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "dcbs/markers.h"
#include "truth.h"

static std::map<std::string, double> spent;

static void timed(const char *name, const std::function<void()> &call)
{
	uint64_t begin = truth_now_ns();

	call();
	spent[name] += static_cast<double>(truth_now_ns() - begin) * 1e-9;
}

namespace eval {

struct tensor {};

template <int Width> struct layer {
	__attribute__((noinline)) void forward(const tensor &) const
	{
		truth_spin_ns(Width * 1000000ULL);
	}
};

struct model {
	virtual ~model() = default;
	virtual void operator()(const std::vector<int> &ids) = 0;
};

struct small : model {
	__attribute__((noinline)) void operator()(const std::vector<int> &ids) override
	{
		timed("eval::layer<20>::forward(eval::tensor const&) const", [] { layer<20>().forward(tensor()); });
		timed("eval::layer<5>::forward(eval::tensor const&) const", [] { layer<5>().forward(tensor()); });
		asm volatile("" : : "r"(ids.data()) : "memory");
	}
};

} // namespace eval

int main()
{
	std::vector<int> ids(3);
	eval::small small;
	eval::model &model = small;

	truth_gate();
	{
		dcbs::section score("score");

		for (int i = 0; i < 60; i++)
			timed("eval::small::operator()(std::vector<int, std::allocator<int> > const&)", [&] { model(ids); });
	}
	truth_open();
	std::printf(", \"functions\": {");
	for (auto it = spent.begin(); it != spent.end(); ++it)
		std::printf("%s\"%s\": %.9f", it == spent.begin() ? "" : ", ", it->first.c_str(), it->second);
	std::printf("}");
	truth_close();
	return 0;
}
