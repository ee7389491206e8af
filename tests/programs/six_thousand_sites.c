/* 6000 functions that each lose a block are 6000 leaks; no table is too small.
 *
 * expect: definite 6000 groups 6000 blocks 23997000 bytes
 */
#include "program.h"

/* X(0), X(1), ... for all numbers of 1, 2 and 3 digits after `n`. */
#define TEN(X, n)      X(n##0) X(n##1) X(n##2) X(n##3) X(n##4) X(n##5) X(n##6) X(n##7) X(n##8) X(n##9)
#define HUNDRED(X, n)  TEN(X, n##0) TEN(X, n##1) TEN(X, n##2) TEN(X, n##3) TEN(X, n##4) \
                       TEN(X, n##5) TEN(X, n##6) TEN(X, n##7) TEN(X, n##8) TEN(X, n##9)
#define THOUSAND(X, n) HUNDRED(X, n##0) HUNDRED(X, n##1) HUNDRED(X, n##2) HUNDRED(X, n##3) HUNDRED(X, n##4) \
                       HUNDRED(X, n##5) HUNDRED(X, n##6) HUNDRED(X, n##7) HUNDRED(X, n##8) HUNDRED(X, n##9)
#define ALL(X)         THOUSAND(X, 1) THOUSAND(X, 2) THOUSAND(X, 3) THOUSAND(X, 4) THOUSAND(X, 5) THOUSAND(X, 6)

#define DEFINE(n)                           \
        static NOINLINE void site_##n(void) \
        {                                   \
                lose(malloc(n));            \
        }
#define CALL(n) site_##n();

ALL(DEFINE)

int main(void)
{
        ALL(CALL)
        scrub();
        return 0;
}
