/* Drive a jiaoban handle from a libuv loop: after jiaoban_uv_attach, the callbacks of
 * jiaoban_submit_async and jiaoban_request_async run from the loop. Link with libuv as well. */
#ifndef JIAOBAN_UV_H
#define JIAOBAN_UV_H

#include <uv.h>

#include "jiaoban.h"

#ifdef __cplusplus
extern "C" {
#endif

struct jiaoban_uv; /* the link between one handle and one loop */

/* Poll the handle from `loop`, also after it has connected again. Takes the handle's interest hook
 * (jiaoban_set_interest). On the loop's thread only. NOMEM, IO. Call jiaoban_uv_detach before
 * jiaoban_close. While the handle is connected, the link keeps the loop alive. */
JIAOBAN_API JIAOBAN_MUST enum jiaoban_status jiaoban_uv_attach(uv_loop_t *loop, struct jiaoban *j,
                                                               struct jiaoban_uv **out);
/* Stop polling; the handle may be closed right after. Memory is freed by a later turn of the loop,
 * so run it once more before uv_loop_close. NULL is allowed. */
JIAOBAN_API void jiaoban_uv_detach(struct jiaoban_uv *link);

#ifdef __cplusplus
}
#endif

#endif
