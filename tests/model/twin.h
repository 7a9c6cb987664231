/* Two worlds that differ in one case: in one it is an accusation, in the other a petition. What
 * everybody but those who may know has on his disk must be the same, byte for byte. */
#ifndef JB_TEST_TWIN_H
#define JB_TEST_TWIN_H

void model_accused_sees_nothing(void **state);

#endif
