package dev.pglambda;

import dev.pglambda.config.Config;
import dev.pglambda.config.LogFormat;
import dev.pglambda.config.Terminal;
import dev.pglambda.journal.CallLines;
import dev.pglambda.journal.Journal;
import dev.pglambda.journal.JournalFeed;
import dev.pglambda.journal.JournalFile;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where the calls are kept, and written besides: {@code --journal-file}, {@code --log-calls}. */
final class JournalOutputs {
  private static final Logger log = LoggerFactory.getLogger(JournalOutputs.class);

  /** Sessions may take half of the heap, and it must not be full. */
  private static final int LARGEST_SHARE_OF_HEAP = 4;

  private JournalOutputs() {}

  /** In memory; nothing is in it yet. */
  static Journal journal(Config.KeptCalls config) {
    Long given = config.maxBytes();
    long bytes = given == null ? Journal.defaultBytes() : given;
    long heap = Runtime.getRuntime().maxMemory();
    if (bytes > heap / LARGEST_SHARE_OF_HEAP) {
      log.warn(
          "--journal-size: {} MB (expected: at most {} MB, a quarter of the JVM's heap): the proxy"
              + " may run out of memory",
          bytes >> 20,
          (heap / LARGEST_SHARE_OF_HEAP) >> 20);
    }
    return new Journal(bytes, config.payloads(), Clock.systemUTC());
  }

  /** Opens those that are asked for, each with a thread of its own. */
  static void open(Config config, Journal journal, Consumer<AutoCloseable> opened)
      throws StartException {
    Path path = config.journal().file();
    if (path != null) {
      JournalFile file = open(path);
      opened.accept(file);
      opened.accept(JournalFeed.ofWholeCalls("journal-file", journal, file));
    }
    Terminal terminal = Terminal.ofStandardError();
    Boolean calls = config.log().calls();
    if (calls == null ? terminal.isTerminal() : calls) {
      boolean colour =
          terminal.isTerminal()
              && !config.log().noColour()
              && config.log().format() == LogFormat.TEXT;
      CallLines lines = new CallLines(terminal.isUnicode(), colour);
      opened.accept(JournalFeed.ofLines("call-lines", journal, lines));
    }
  }

  private static JournalFile open(Path path) throws StartException {
    try {
      return JournalFile.open(path);
    } catch (IOException unusable) {
      throw StartException.badUsage(
          "--journal-file %s: %s (expected: a file that can be written, in a directory that is there)"
              .formatted(path, unusable),
          unusable);
    }
  }
}
