package dev.pglambda.lambda.local;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * What a process prints, in a file: when its request for the next event has arrived, all that it
 * printed before is there to be read, which nothing can know of a pipe. Blocks; one call at a time.
 */
final class ProcessOutput {
  private static final int LONGEST_READ = 256 << 10;

  /** From here on the file begins anew. */
  private static final int LARGE_FILE = 4 << 20;

  private final Path file;
  private long position;

  ProcessOutput(Path file) {
    this.file = file;
  }

  /** What was printed since the last call, without the beginning if it is very long. */
  byte[] read() {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      long size = channel.size();
      if (size <= position) {
        return new byte[0];
      }
      long from = Math.max(position, size - LONGEST_READ);
      byte[] printed = bytes(channel, from, (int) (size - from));
      long skipped = from - position;
      position = size;
      if (size > LARGE_FILE) {
        channel.truncate(0);
        position = 0;
      }
      return skipped == 0 ? printed : withNote(skipped, printed);
    } catch (IOException gone) {
      return new byte[0];
    }
  }

  private static byte[] bytes(FileChannel channel, long from, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    while (buffer.hasRemaining() && channel.read(buffer, from + buffer.position()) >= 0) {
      // reads on
    }
    return Arrays.copyOf(buffer.array(), buffer.position());
  }

  private static byte[] withNote(long skipped, byte[] printed) {
    byte[] note = "[... %d bytes more ...]\n".formatted(skipped).getBytes(UTF_8);
    byte[] all = Arrays.copyOf(note, note.length + printed.length);
    System.arraycopy(printed, 0, all, note.length, printed.length);
    return all;
  }
}
