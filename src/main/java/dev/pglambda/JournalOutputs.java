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
import java.util.function.Consumer;

/** Where the calls are written besides: {@code --journal-file} and {@code --log-calls}. */
final class JournalOutputs {
  private JournalOutputs() {}

  /** Opens those that are asked for, each with a thread of its own. */
  static void open(Config config, Journal journal, Consumer<AutoCloseable> opened)
      throws StartException {
    Path path = config.journal().file();
    if (path != null) {
      JournalFile file = open(path);
      opened.accept(file);
      opened.accept(JournalFeed.open("journal-file", journal, file, false));
    }
    Terminal terminal = Terminal.ofStandardError();
    Boolean calls = config.log().calls();
    if (calls == null ? terminal.isTerminal() : calls) {
      boolean colour =
          terminal.isTerminal()
              && !config.log().noColour()
              && config.log().format() == LogFormat.TEXT;
      CallLines lines = new CallLines(terminal.isUnicode(), colour);
      opened.accept(JournalFeed.open("call-lines", journal, lines, true));
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
