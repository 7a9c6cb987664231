/* openapi.yaml as it was when this program was built: the contract is served by whoever keeps it.
 */
#ifndef JB_CLIENTS_GATEWAY_CONTRACT_H
#define JB_CLIENTS_GATEWAY_CONTRACT_H

#include <stddef.h>

extern const unsigned char jb_gw_contract[];
extern const size_t jb_gw_contract_bytes;

#endif
