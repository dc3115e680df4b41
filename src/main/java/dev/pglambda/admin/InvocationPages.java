package dev.pglambda.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.JsonGeneratorDelegate;
import dev.pglambda.journal.Journal;
import dev.pglambda.journal.JournalEntry;
import dev.pglambda.journal.JournalJson;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
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
 * Calls as {@code {"invocations": [..]}}, of which the client's connection holds a part at a time:
 * some small calls or a large one. What is forgotten before its turn comes is left out.
 */
final class InvocationPages implements ChunkedInput<ByteBuf> {
  private static final JsonFactory JSON = new JsonFactory();
  private static final long MOST_BYTES = 16L << 20;

  /** Of texts in a summary, in chars. */
  private static final int TEXT_LENGTH = 1000;

  private static final int STATEMENT_LENGTH = 200;

  /** What a summary leaves out. The error's detail quotes the function's whole answer. */
  private static final Set<String> DETAILS =
      Set.of("payload", "response", "log", "client_context", "detail");

  private final Journal journal;
  private final Iterator<Long> ids;
  private final boolean summaries;
  private final AnswerMemory memory;
  private byte[] part = {};

  /** How much of the part was sent. */
  private int given;

  private boolean isLast;

  /** Of all parts. */
  private long made;

  private boolean hasCalls;

  InvocationPages(Journal journal, List<Long> ids, boolean summaries, AnswerMemory memory) {
    this.journal = journal;
    this.ids = ids.iterator();
    this.summaries = summaries;
    this.memory = memory;
  }

  /** Makes what comes next, at first before it is sent; false: there is no room for it. */
  boolean makePart() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes((made == 0 ? "{\"invocations\":[" : "").getBytes(UTF_8));
    while (ids.hasNext() && out.size() < HttpAnswer.PIECE_BYTES && made + out.size() < MOST_BYTES) {
      writeNext(out);
    }
    isLast = !ids.hasNext() || made + out.size() >= MOST_BYTES;
    out.writeBytes((isLast ? "]}" : "").getBytes(UTF_8));
    return take(out.toByteArray());
  }

  private void writeNext(ByteArrayOutputStream out) {
    JournalEntry entry = journal.find(ids.next());
    if (entry == null) {
      return;
    }
    if (hasCalls) {
      out.write(',');
    }
    hasCalls = true;
    write(entry, summaries, out);
  }

  private boolean take(byte[] next) {
    memory.release(part.length);
    boolean hasRoom = memory.hold(next.length);
    part = hasRoom ? next : new byte[0];
    given = 0;
    made += part.length;
    return hasRoom;
  }

  @Override
  public @Nullable ByteBuf readChunk(ByteBufAllocator allocator) {
    if (isEndOfInput()) {
      return null;
    }
    if (given == part.length && !makePart()) {
      isLast = true;
      take("]}".getBytes(UTF_8)); // as after the most that an answer has: its client goes on
    }
    int length = Math.min(part.length - given, HttpAnswer.PIECE_BYTES);
    given += length;
    // A view would hold the part until it is sent, which is accounted for no longer than here.
    return allocator.buffer(length).writeBytes(part, given - length, length);
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
    return isLast && given == part.length;
  }

  @Override
  public void close() {
    isLast = true;
    take(new byte[0]);
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
    return made - part.length + given;
  }
}
