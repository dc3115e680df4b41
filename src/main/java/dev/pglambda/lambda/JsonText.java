package dev.pglambda.lambda;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadConstraints;
import io.netty.buffer.ByteBufInputStream;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/** Whether a text is one JSON value (RFC 8259), as PostgreSQL's type json takes it. */
final class JsonText {
  /** PostgreSQL has no limits but that of its stack. */
  private static final JsonFactory JSON =
      JsonFactory.builder()
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(Integer.MAX_VALUE)
                  .maxNumberLength(Integer.MAX_VALUE)
                  .maxStringLength(Integer.MAX_VALUE)
                  .maxNameLength(Integer.MAX_VALUE)
                  .build())
          .build();

  private JsonText() {}

  static boolean isOne(String text) {
    try (JsonParser parser = JSON.createParser(text)) {
      return isOne(parser);
    } catch (IOException notJson) {
      return false;
    }
  }

  /** A text in UTF-8. */
  static boolean isOne(ByteBuffer text) {
    InputStream bytes = new ByteBufInputStream(Unpooled.wrappedBuffer(text));
    try (JsonParser parser = JSON.createParser(bytes)) {
      return isOne(parser);
    } catch (IOException notJson) {
      return false;
    }
  }

  private static boolean isOne(JsonParser parser) throws IOException {
    if (parser.nextToken() == null) {
      return false;
    }
    parser.skipChildren();
    return parser.nextToken() == null;
  }
}
