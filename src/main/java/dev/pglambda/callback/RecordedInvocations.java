package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.io.CharacterEscapes;
import com.fasterxml.jackson.core.io.SerializedString;
import com.fasterxml.jackson.core.util.JsonGeneratorDelegate;
import dev.pglambda.journal.Journal;
import dev.pglambda.journal.JournalEntry;
import dev.pglambda.journal.JournalFilter;
import dev.pglambda.journal.JournalJson;
import dev.pglambda.lambda.CallOrigin;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvokeAnswer;
import dev.pglambda.limits.MemoryAccount;
import dev.pglambda.protocol.SqlError;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * What the view {@code pglambda.invocations} shows, page by page: {@code {"invocations": [..],
 * "last": ..}}, the latest first. Safe for use by several event loops.
 */
final class RecordedInvocations {
  /** A page ends with the call that reaches it: so long that few do, and made in milliseconds. */
  private static final int PAGE_BYTES = 1 << 20;

  private static final int MOST_IN_PAGE = 1000;

  private final JsonFactory json = new JsonFactory().setCharacterEscapes(new WithoutZero());

  private final Journal journal;
  private final Executor pages;

  /**
   * @param pages makes one page at a time: the texts of one call are all that it takes of memory
   *     besides what is reserved
   */
  RecordedInvocations(Journal journal, Executor pages) {
    this.journal = journal;
    this.pages = pages;
  }

  /**
   * The calls with a number below {@code before}, or, null, the latest, of the database that asks:
   * others may be for other eyes. Databases can share an installation, as copies do. Of a database
   * whose name is not known there are none. Cancelling it makes no page that is not begun.
   *
   * @param memory of who asks; nothing stays reserved
   */
  CompletableFuture<InvokeAnswer> page(
      CallOrigin asking, @Nullable Long before, LinkEncoding encoding, MemoryAccount memory) {
    return CompletableFuture.supplyAsync(
        () -> {
          JournalFilter own =
              new JournalFilter(
                  null, null, null, null, before, asking.database(), asking.installation());
          List<JournalEntry> found =
              asking.database() == null ? List.of() : journal.find(own, MOST_IN_PAGE);
          return page(found, encoding.hexadecimal() ? encoding.charset() : UTF_8, memory);
        },
        pages);
  }

  /**
   * Ends before a call that there is no memory for; that is without payloads if it is the first.
   */
  private InvokeAnswer page(List<JournalEntry> found, Charset charset, MemoryAccount memory) {
    List<JournalEntry> page = new ArrayList<>();
    long bytes = 0;
    try {
      for (JournalEntry entry : found) {
        JournalEntry shown = entry;
        long length = length(shown, charset);
        if (!memory.reserve(Call.COPIES * length)) {
          if (!page.isEmpty()) {
            break;
          }
          shown = entry.withoutPayloads();
          length = length(shown, charset);
          if (!memory.reserve(Call.COPIES * length)) {
            return new InvokeAnswer.Failure(SqlError.outOfMemory(memory.refusal()));
          }
        }
        bytes += length;
        page.add(shown);
        if (bytes > PAGE_BYTES) {
          break;
        }
      }
      boolean isLast = page.size() == found.size() && found.size() < MOST_IN_PAGE;
      ByteBuffer text = ByteBuffer.wrap(written(page, isLast, (int) bytes, charset));
      return new InvokeAnswer.Row(new InvocationResult(200, text, null, null, null), null);
    } finally {
      memory.release(Call.COPIES * bytes);
    }
  }

  private byte[] written(List<JournalEntry> page, boolean isLast, int length, Charset charset) {
    ByteArrayOutputStream text = new ByteArrayOutputStream(length + page.size() + 64);
    try (JsonGenerator out = generator(text, charset)) {
      out.writeStartObject();
      out.writeArrayFieldStart("invocations");
      for (JournalEntry entry : page) {
        JournalJson.write(entry, out);
      }
      out.writeEndArray();
      out.writeBooleanField("last", isLast);
      out.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toByteArray();
  }

  /** Of its JSON, in bytes. */
  private long length(JournalEntry entry, Charset charset) {
    CountedBytes counted = new CountedBytes();
    try (JsonGenerator out = generator(counted, charset)) {
      JournalJson.write(entry, out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return counted.count;
  }

  private JsonGenerator generator(OutputStream out, Charset charset) throws IOException {
    JsonGenerator any = json.createGenerator(out);
    return charset.equals(UTF_8) ? any : new FittingGenerator(any, charset);
  }

  /** Are counted, and not kept. */
  private static final class CountedBytes extends OutputStream {
    private long count;

    @Override
    public void write(int octet) {
      count++;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      count += length;
    }
  }

  /**
   * Characters that the database cannot have, which would fail the query, become question marks.
   * This must be done before quotes and backslashes are escaped.
   */
  private static final class FittingGenerator extends JsonGeneratorDelegate {
    private final Charset charset;

    FittingGenerator(JsonGenerator any, Charset charset) {
      super(any);
      this.charset = charset;
    }

    @Override
    public void writeString(@Nullable String text) throws IOException {
      super.writeString(text == null ? null : fit(text));
    }

    /** In Java's EUC_JP, a yen sign is written as a backslash and an overline as a tilde. */
    private String fit(String text) {
      String told = text.replace('\0', '?').replace('\u00a5', '?').replace('\u203e', '?');
      return new String(told.getBytes(charset), charset);
    }
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
