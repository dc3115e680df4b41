package dev.pglambda.direct.resolve;

/** A parameter of one of the functions. */
public record Parameter(String name, ParameterType type) {}
