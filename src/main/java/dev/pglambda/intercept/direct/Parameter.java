package dev.pglambda.intercept.direct;

/** A parameter of one of the functions. */
record Parameter(String name, ParameterType type) {}
