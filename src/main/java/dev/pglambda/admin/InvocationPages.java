package dev.pglambda.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.JsonGeneratorDelegate;
import dev.pglambda.journal.JournalEntry;
import dev.pglambda.journal.JournalJson;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.stream.ChunkedInput;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Calls as {@code {"invocations": [..]}}, of which the client's connection holds a piece at a time.
 */
final class InvocationPages implements ChunkedInput<ByteBuf> {
  private static final JsonFactory JSON = new JsonFactory();
  private static final int PIECE_BYTES = 64 * 1024;
  private static final long MOST_BYTES = 16L << 20;

  /** Of texts in a summary, in chars. */
  private static final int TEXT_LENGTH = 1000;

  private static final int STATEMENT_LENGTH = 200;

  /** What a summary leaves out. The error's detail quotes the function's whole answer. */
  private static final Set<String> DETAILS =
      Set.of("payload", "response", "log", "client_context", "detail");

  private final Iterator<JournalEntry> entries;
  private final boolean summaries;
  private long sent;
  private boolean ended;

  InvocationPages(List<JournalEntry> entries, boolean summaries) {
    this.entries = entries.iterator();
    this.summaries = summaries;
  }

  @Override
  public @Nullable ByteBuf readChunk(ByteBufAllocator allocator) {
    if (ended) {
      return null;
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes((sent == 0 ? "{\"invocations\":[" : "").getBytes(UTF_8));
    boolean first = sent == 0;
    while (entries.hasNext() && out.size() < PIECE_BYTES && sent + out.size() < MOST_BYTES) {
      if (!first) {
        out.write(',');
      }
      first = false;
      write(entries.next(), summaries, out);
    }
    ended = !entries.hasNext() || sent + out.size() >= MOST_BYTES;
    out.writeBytes((ended ? "]}" : "").getBytes(UTF_8));
    sent += out.size();
    return Unpooled.wrappedBuffer(out.toByteArray());
  }

  /** One call, or what a list shows of it. */
  static byte[] json(JournalEntry entry, boolean summary) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    write(entry, summary, out);
    return out.toByteArray();
  }

  private static void write(JournalEntry entry, boolean summary, ByteArrayOutputStream out) {
    try (JsonGenerator whole = JSON.createGenerator(out)) {
      if (summary) {
        JournalJson.write(entry.withoutPayloads(), new SummaryGenerator(whole));
      } else {
        JournalJson.write(entry, whole);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Leaves the details out, and cuts what is long all the same. */
  private static final class SummaryGenerator extends JsonGeneratorDelegate {
    SummaryGenerator(JsonGenerator whole) {
      super(whole, false);
    }

    @Override
    public void writeStringField(String name, @Nullable String value) throws IOException {
      if (!DETAILS.contains(name)) {
        int longest = name.equals("statement") ? STATEMENT_LENGTH : TEXT_LENGTH;
        super.writeStringField(name, value == null ? null : beginning(value, longest));
      }
    }
  }

  /** Cut between characters: half of one cannot be written. */
  private static String beginning(String text, int longest) {
    if (text.length() <= longest) {
      return text;
    }
    int end = Character.isHighSurrogate(text.charAt(longest - 1)) ? longest - 1 : longest;
    return text.substring(0, end) + "…";
  }

  @Override
  public boolean isEndOfInput() {
    return ended;
  }

  @Override
  public void close() {
    ended = true;
  }

  /** Of Netty's before 4.1. */
  @Deprecated
  @SuppressWarnings("InlineMeSuggester") // nobody is to call it
  @Override
  public @Nullable ByteBuf readChunk(ChannelHandlerContext context) {
    return readChunk(context.alloc());
  }

  /** Unknown. */
  @Override
  public long length() {
    return -1;
  }

  @Override
  public long progress() {
    return sent;
  }
}
