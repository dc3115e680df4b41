package dev.pglambda.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * What standard error leads to.
 *
 * @param isTerminal whether a person may be looking at it
 * @param isUnicode whether it shows what is not ASCII: a terminal by its character set, anything
 *     else because the log is UTF-8
 */
public record Terminal(boolean isTerminal, boolean isUnicode) {
  private static final Path LINUX = Path.of("/proc/self/fd/2");
  private static final Pattern DEVICE = Pattern.compile("/dev/(pts/\\d+|tty\\w*|console)");

  /** As it is now. */
  public static Terminal ofStandardError() {
    boolean terminal = leadsToTerminal();
    return new Terminal(terminal, !terminal || characterSet().startsWith("UTF-8"));
  }

  /** Elsewhere than on Linux, Java tells of all streams together only. */
  @SuppressWarnings("SystemConsoleNull") // the property below makes it null again
  private static boolean leadsToTerminal() {
    if (Files.exists(LINUX)) {
      try {
        return DEVICE.matcher(Files.readSymbolicLink(LINUX).toString()).matches();
      } catch (IOException | UnsupportedOperationException unknown) {
        return false;
      }
    }
    // Java 22 to 24 would else have a console where there is none.
    System.getProperties().putIfAbsent("jdk.console", "java.base");
    return System.console() != null;
  }

  /** The first is known since Java 19, the second before, where there is a terminal. */
  private static String characterSet() {
    String before =
        System.getProperty("sun.stderr.encoding", System.getProperty("native.encoding", ""));
    return System.getProperty("stderr.encoding", before).toUpperCase(Locale.ROOT);
  }
}
