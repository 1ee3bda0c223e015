/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* preset_notes.h - what the report says about presets: functions that were not found, and packages that have a preset. */
#ifndef COLLECT_SAMPLES_PRESET_NOTES_H
#define COLLECT_SAMPLES_PRESET_NOTES_H

#include "collect/state.h"

/*
 * To be called after the last sample. Notes for each preset in use how many of its functions were not found; in a session without
 * sections, notes the presets of packages that the targets have loaded.
 */
void preset_notes_add(struct session *session);

#endif
