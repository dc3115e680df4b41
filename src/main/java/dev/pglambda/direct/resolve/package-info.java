/**
 * Resolves the overload of a function that is not installed, by PostgreSQL's rules (parse_func.c),
 * and makes PostgreSQL's errors where there is none or more than one.
 */
@NullMarked
package dev.pglambda.direct.resolve;

import org.jspecify.annotations.NullMarked;
