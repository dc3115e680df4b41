package dev.pglambda.direct.flow;

import dev.pglambda.protocol.FrontendMessage.Bind;

/**
 * A portal that is bound, but whose calls were not made yet.
 *
 * @param statement what it executes
 * @param bind the client's message
 */
record ServedPortal(ServedStatement statement, Bind bind) {}
