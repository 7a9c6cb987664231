/* The bare broker's protocol over ROUTER and DEALER: one frame, a letter, then numbers in the
 * machine's byte order. A client's routing id is its name, "s3" or "n17".
 *
 *   client  H                             hello, answered with H
 *           S number(8) node(4) body      submit
 *           A event(8) ...                these are on my disk
 *   broker  C number(8) ...               these are on disk
 *           D event(8) node(4) body       deliver
 */
#ifndef JB_BENCH_FLOOR_H
#define JB_BENCH_FLOOR_H

#include <stddef.h>

#define FLOOR_HEAD ((size_t)13) /* of S and D, before the body */
/* CURVE keys in Z85, the same for all clients: this broker knows nobody. */
#define FLOOR_SERVER_PUBLIC "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
#define FLOOR_SERVER_SECRET "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"
#define FLOOR_CLIENT_PUBLIC "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
#define FLOOR_CLIENT_SECRET "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"

#endif
