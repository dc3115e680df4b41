package dev.pglambda.client.wire;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.BackendKeyData;
import dev.pglambda.protocol.BackendMessage.Column;
import dev.pglambda.protocol.BackendMessage.NoticeResponse;
import dev.pglambda.protocol.BackendMessage.NotificationResponse;
import dev.pglambda.protocol.BackendMessage.ParameterStatus;
import dev.pglambda.protocol.BackendMessage.RowDescription;
import dev.pglambda.protocol.Frame;
import dev.pglambda.protocol.MessageStream;
import dev.pglambda.protocol.MessageWriter;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;

/**
 * Has a {@link RandomConversation} with a server: sends it in pieces, sometimes waits for the
 * answer to a batch, sometimes reads nothing until all is sent, and keeps what comes.
 */
public final class Talk {
  private static final int TIMEOUT_SECONDS = 60;

  /** What can be sent while nobody reads the answers, so that no buffer fills up. */
  private static final int MOST_SENT_BLINDLY = 16 * 1024;

  private static final int MOST_PIECES = 40;

  /** Its bytes; what follows must not come before the answer, says PostgreSQL. */
  private static final int REQUEST_FOR_ENCRYPTION = 8;

  /** What answers the Queries that end a batch; the first may be an error. */
  private static final List<String> BATCH_END =
      Collections.nCopies(3, List.of("EmptyQueryResponse", "ReadyForQuery")).stream()
          .flatMap(List::stream)
          .toList();

  private static final Pattern TEMPORARY = Pattern.compile("pg_temp_\\d+");

  private final Random random;
  private final Semaphore answered = new Semaphore(0);
  private final List<String> answer = Collections.synchronizedList(new ArrayList<>());
  private final List<String> last = new ArrayList<>();

  private Talk(long seed) {
    random = new Random(seed);
  }

  /**
   * Has the conversation.
   *
   * @param seed of how it is cut and when it waits
   * @param readers runs what reads
   * @return the answers, in order, without what differs from session to session
   */
  public static List<String> with(
      int port, List<byte[]> batches, long seed, ExecutorService readers) throws Exception {
    return new Talk(seed).run(port, batches, readers);
  }

  private List<String> run(int port, List<byte[]> batches, ExecutorService readers)
      throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(TIMEOUT_SECONDS * 1000);
      OutputStream out = socket.getOutputStream();
      List<byte[]> rest = batches;
      if (batches.get(0).length == REQUEST_FOR_ENCRYPTION) {
        out.write(batches.get(0));
        answer.add("" + (char) socket.getInputStream().read());
        rest = batches.subList(1, batches.size());
      }
      int bytes = rest.stream().mapToInt(batch -> batch.length).sum();
      boolean blindly = random.nextInt(4) == 0 && bytes < MOST_SENT_BLINDLY;
      boolean waiting = !blindly && random.nextBoolean();
      Future<?> reader = blindly ? null : readers.submit(() -> read(socket));
      for (int i = 0; i < rest.size(); i++) {
        send(out, rest.get(i));
        // The last is the end, which has no answer.
        if (waiting && i < rest.size() - 1 && random.nextBoolean()) {
          await(i + 1);
        }
      }
      if (reader == null) {
        read(socket);
      } else {
        end(reader);
      }
      return answer;
    }
  }

  private static void end(Future<?> reader) throws Exception {
    try {
      reader.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException("no end of the answers", e);
    }
  }

  private void await(int batches) throws IOException, InterruptedException {
    if (!answered.tryAcquire(batches, TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
      throw new InterruptedIOException("no answer to batch " + batches + " in " + answer);
    }
    answered.release(batches);
  }

  /** In one piece, or cut anywhere; the pieces leave as fast as they can. */
  private void send(OutputStream out, byte[] batch) throws IOException {
    int at = 0;
    int longest = 1 << random.nextInt(12);
    for (int piece = 0; piece < MOST_PIECES && at < batch.length && longest < 2048; piece++) {
      int length = Math.min(batch.length - at, 1 + random.nextInt(longest));
      out.write(batch, at, length);
      at += length;
    }
    out.write(batch, at, batch.length - at);
  }

  private Void read(Socket socket) throws IOException {
    InputStream buffered =
        new BufferedInputStream(socket.getInputStream(), 1 << (4 + random.nextInt(12)));
    MessageStream messages = new MessageStream(buffered, socket.getOutputStream(), ISO_8859_1);
    for (BackendMessage message = messages.readBackend();
        message != null;
        message = messages.readBackend()) {
      answer.add(text(message));
      track(message);
    }
    return null;
  }

  /**
   * Three empty queries in a row end a batch. (PostgreSQL 18 fails the first with XX000 if a Query
   * came in the middle of a pipeline.)
   */
  private void track(BackendMessage message) {
    if (message instanceof NoticeResponse
        || message instanceof NotificationResponse
        || message instanceof ParameterStatus) {
      return;
    }
    last.add(message.name());
    if (last.size() > BATCH_END.size()) {
      last.remove(0);
    }
    if (last.size() == BATCH_END.size()
        && last.subList(1, last.size()).equals(BATCH_END.subList(1, BATCH_END.size()))
        && (last.get(0).equals(BATCH_END.get(0)) || last.get(0).equals("ErrorResponse"))) {
      last.clear();
      answered.release();
    }
  }

  private static String text(BackendMessage message) {
    if (message instanceof BackendKeyData key) {
      return "BackendKeyData " + key.secretKey().remaining();
    }
    BackendMessage comparable = message;
    if (message instanceof NotificationResponse notification) {
      // Without the process that notified.
      comparable = new NotificationResponse(0, notification.channel(), notification.payload());
    } else if (message instanceof RowDescription description) {
      comparable = new RowDescription(description.columns().stream().map(Talk::anyTable).toList());
    }
    String bytes = new String(MessageWriter.bytes(ISO_8859_1, comparable), ISO_8859_1);
    // Without the length, which the number of a temporary schema changes.
    String body = TEMPORARY.matcher(bytes.substring(Frame.HEADER_LENGTH)).replaceAll("pg_temp");
    return bytes.charAt(0) + body;
  }

  /** A temporary table has an OID of its own in each session. */
  private static Column anyTable(Column column) {
    return new Column(
        column.name(),
        column.tableOid() == 0 ? 0 : 1,
        column.attributeNumber(),
        column.typeOid(),
        column.typeSize(),
        column.typeModifier(),
        column.format());
  }
}
