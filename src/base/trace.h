/* SPDX-License-Identifier: Apache-2.0
 *
 * Notes of what each thread does, for on_trace of tug/trace.h.
 *
 * Each thread has a row, a bounded buffer: only the thread adds to it, only the trace's owner
 * empties it, every TUG__TRACE_DRAIN_MS. What comes while it is full is counted and left out.
 *
 * Where there is no trace, trace and rows are NULL: then every function does nothing and reads no
 * clock.
 *
 *     const uint64_t began = tug__trace_begin(row);
 *     work();
 *     tug__trace_end(row, began, &(struct tug_trace_event){.name = "work"});
 *
 * Threads: those with "owner" belong to the thread that created the trace.
 */
#ifndef TUG_BASE_TRACE_H
#define TUG_BASE_TRACE_H

#include <stdint.h>

#include <tug/trace.h>

/* How often the owner calls tug__trace_drain. */
#define TUG__TRACE_DRAIN_MS 10
/* Spans that a row holds meanwhile. */
#define TUG__TRACE_ROW_MAX 1024
/* Most rows. */
#define TUG__TRACE_ROWS_MAX 192
/* Most different texts that are kept, and their longest; spans with any other have none. */
#define TUG__TRACE_TEXTS_MAX 64
#define TUG__TRACE_TEXT_MAX 280

struct tug__trace;
struct tug__trace_row;

/* Create a trace. on_trace: NULL: *out_trace becomes NULL. out_trace: owned.
 * Errors: TUG_ERR_NO_MEMORY. */
enum tug_status tug__trace_create(tug_trace_fn on_trace, void *context,
                                  struct tug__trace **out_trace, struct tug_error *err);
/* Report the rest and free; NULL is allowed. No thread may use a row any more. Owner. */
void tug__trace_destroy(struct tug__trace *trace);

/* Get the row of a thread: the one of that name and number, or a new one. number: part of the shown
 * name, from 0; negative: none. Returns: borrowed from the trace; NULL: no trace, no memory, or too
 * many rows. Owner; the row then belongs to its thread. */
struct tug__trace_row *tug__trace_row(struct tug__trace *trace, const char *name, int number);

/* Start a span. Returns: now, or 0 when row is NULL. */
uint64_t tug__trace_begin(const struct tug__trace_row *row);
/* End a span that began at began_ns. A span that continues the row's last one (same name, digest
 * and text, the next bytes, at most 0.1 ms later) extends that instead.
 * span: borrowed; its name and text must live as long as the trace (tug__trace_keep). kind NONE
 * means SPAN; row, begin_ns and duration_ns are filled in. Threads: the row's. Blocks: no. */
void tug__trace_end(struct tug__trace_row *row, uint64_t began_ns,
                    const struct tug_trace_event *span);
/* Copy a text for spans. Returns: valid as long as the row's trace; NULL: no row, too long, or too
 * many texts. Threads: any. */
const char *tug__trace_keep(struct tug__trace_row *row, const char *text);

/* Report the value of a counter, unless it is the one of that name reported last. last: of this
 * counter; the caller's, zero at first. Owner. */
void tug__trace_count(struct tug__trace *trace, const char *name, uint64_t value, uint64_t *last);
/* Report what the rows have. Returns: when to call again (tug__now_ns); TUG__NEVER_NS without a
 * trace. Owner; calls on_trace. */
uint64_t tug__trace_drain(struct tug__trace *trace);

#endif
