package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.io.CharacterEscapes;
import com.fasterxml.jackson.core.io.SerializedString;
import dev.pglambda.journal.Journal;
import dev.pglambda.journal.JournalEntry;
import dev.pglambda.journal.JournalFilter;
import dev.pglambda.journal.JournalJson;
import dev.pglambda.lambda.CallOrigin;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the view {@code pglambda.invocations} shows, page by page: {@code {"invocations": [..]}},
 * the latest first, empty at the end. Safe for use by several event loops.
 */
final class RecordedInvocations {
  /** A page ends with the call that reaches it: so long that few do, and made in milliseconds. */
  private static final int PAGE_BYTES = 1 << 20;

  private static final int MOST_IN_PAGE = 1000;

  private final JsonFactory json = new JsonFactory().setCharacterEscapes(new WithoutZero());

  private final Journal journal;

  RecordedInvocations(Journal journal) {
    this.journal = journal;
  }

  /**
   * The calls with a number below {@code before}, or, null, the latest, of the database that asks:
   * others may be for other eyes. Databases can share an installation, as copies do. Of a database
   * whose name is not known it is the end.
   */
  Answer page(CallOrigin asking, @Nullable Long before, LinkEncoding encoding) {
    JournalFilter own =
        new JournalFilter(null, null, null, null, before, asking.database(), asking.installation());
    ByteArrayOutputStream page = new ByteArrayOutputStream();
    try (JsonGenerator out = json.createGenerator(page)) {
      out.writeStartObject();
      out.writeArrayFieldStart("invocations");
      List<JournalEntry> found =
          asking.database() == null ? List.of() : journal.find(own, MOST_IN_PAGE);
      for (JournalEntry entry : found) {
        JournalJson.write(entry, out);
        out.flush();
        if (page.size() > PAGE_BYTES) {
          break;
        }
      }
      out.writeEndArray();
      out.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    byte[] text = encoding.hexadecimal() ? fit(page, encoding.charset()) : page.toByteArray();
    return new Answer("ok", "200", ByteBuffer.wrap(text), null, null, null, null, null);
  }

  /**
   * Characters that the database cannot have, which would fail the query, become question marks.
   */
  private static byte[] fit(ByteArrayOutputStream page, Charset charset) {
    return new String(page.toString(UTF_8).getBytes(charset), charset).getBytes(UTF_8);
  }

  /** No text in PostgreSQL has a zero character, not even one that JSON escapes. */
  private static final class WithoutZero extends CharacterEscapes {
    private static final long serialVersionUID = 1L;
    private static final SerializableString REPLACEMENT = new SerializedString("\ufffd");

    private final int[] escapes = standardAsciiEscapesForJSON();

    WithoutZero() {
      escapes[0] = ESCAPE_CUSTOM;
    }

    @Override
    public int[] getEscapeCodesForAscii() {
      return escapes;
    }

    @Override
    public @Nullable SerializableString getEscapeSequence(int character) {
      return character == 0 ? REPLACEMENT : null; // null: as it is
    }
  }
}
