package dev.pglambda.conformance;

import org.jspecify.annotations.Nullable;

/**
 * What the client sends after a CopyInResponse.
 *
 * @param data all lines, each with its line feed
 * @param failure message of CopyFail behind the data; null: CopyDone
 */
record CopyInput(String data, @Nullable String failure) {
  /** Where a case says nothing. */
  static final CopyInput NONE = new CopyInput("", "a conformance case without data to copy");
}
