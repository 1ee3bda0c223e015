// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * exceptions.cpp - sections of C++ that end in every possible way.
 *
 *     exceptions [--rounds N]
 *
 * "object" is a dcbs::section that an exception leaves every third time, which is an error. "nested" ends while another
 * exception is handled, which is no error. "moved" is passed on by unique_ptr and outlives the scope that began it.
 * "block" is a dcbs_profile_section block that ends, or is left by break, continue, return or throw, in turn;
 * "outer-block" is left by a throw from inside "block". evaluation::moved(uint64_t) can be timed by --section as well:
 * it runs as often as "moved".
 */
#include <memory>
#include <stdexcept>

#include "dcbs/markers.h"
#include "truth.h"

namespace evaluation {
void moved(uint64_t round);
}

namespace {

enum { OBJECT, NESTED, MOVED, BLOCK, OUTER_BLOCK, SECTIONS };

struct truth truths[SECTIONS];

struct cleaner {
	~cleaner()
	{
		dcbs::section s("nested");	/* begun while unwinding: to end normally is no error */
		truths[NESTED].count++;
	}
};

void object(uint64_t round)
{
	cleaner last;
	dcbs::section s("object");

	s.items(2);
	truths[OBJECT].count++;
	truths[OBJECT].items += 2;
	if (round % 3 == 0) {
		truths[OBJECT].errors++;
		throw std::runtime_error("expected");
	}
}

void caught_object(uint64_t round)
{
	try {
		object(round);
	} catch (const std::runtime_error &) {
		dcbs::section s("nested");	/* in the handler nothing unwinds */
		truths[NESTED].count++;
	}
}

std::unique_ptr<dcbs::section> make_moved()
{
	auto s = std::make_unique<dcbs::section>("moved");

	truths[MOVED].count++;
	return s;
}

} /* namespace */

/* Neither inlined nor cloned, so that its symbol is its only copy. */
__attribute__((noipa)) void evaluation::moved(uint64_t)
{
	std::unique_ptr<dcbs::section> kept;

	{
		auto s = make_moved();
		kept = std::move(s);
	}
	kept->items(1);
	truths[MOVED].items++;
}

namespace {

/* The five ways out of a block; break and continue leave the block, not the loop around it. */
int block(uint64_t way)
{
	int left = 0;

	dcbs_profile_section("block") {
		truths[BLOCK].count++;
		if (way == 1)
			break;
		if (way == 2)
			continue;
		if (way == 3)
			return 3;
		if (way == 4)
			throw std::runtime_error("expected");
		left = 10;
	}
	return left ? left : static_cast<int>(way);
}

bool block_is_left(uint64_t way)
{
	static const int results[] = {10, 1, 2, 3};

	try {
		dcbs_profile_section("outer-block") {
			truths[OUTER_BLOCK].count++;
			return block(way) == results[way % 4] && way < 4;
		}
	} catch (const std::runtime_error &) {
		return way == 4;
	}
	return false;
}

} /* namespace */

int main(int argc, char **argv)
{
	static const char *const names[SECTIONS] = {"object", "nested", "moved", "block", "outer-block"};
	uint64_t rounds = 300, i;
	const struct truth_option options[] = {{"--rounds", &rounds, nullptr, nullptr}, {nullptr, nullptr, nullptr, nullptr}};
	bool right = true;

	truth_options(argc, argv, options);
	for (i = 0; i < SECTIONS; i++)
		truths[i].name = names[i];
	truth_gate();
	for (i = 0; i < rounds; i++) {
		caught_object(i);
		evaluation::moved(i);
		right = block_is_left(i % 5) && right;
	}
	truth_open();
	truth_sections(truths, SECTIONS);
	truth_close();
	return right ? 0 : 1;
}
