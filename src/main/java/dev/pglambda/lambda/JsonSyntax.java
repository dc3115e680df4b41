package dev.pglambda.lambda;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import java.io.IOException;

/** Whether a text is JSON (RFC 8259), as PostgreSQL's type json takes it. */
final class JsonSyntax {
  private static final JsonFactory JSON = new JsonFactory();

  private JsonSyntax() {}

  /** Whether a text is one JSON value, with nothing but white space around it. */
  static boolean isJson(String text) {
    try (JsonParser parser = JSON.createParser(text)) {
      if (parser.nextToken() == null) {
        return false;
      }
      parser.skipChildren();
      return parser.nextToken() == null;
    } catch (IOException notJson) {
      return false;
    }
  }
}
