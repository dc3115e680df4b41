package dev.pglambda.lambda.local;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * The last lines that the processes of a function have printed, for people. Written by one event
 * loop, read by any thread.
 */
final class RecentOutput {
  private static final int MOST_LINES = 50;
  private static final int MOST_CHARACTERS = 16 << 10;

  private final Deque<String> last = new ArrayDeque<>();
  private int characters;
  private volatile List<String> lines = List.of();

  void add(List<String> printed) {
    for (String line : printed.subList(Math.max(0, printed.size() - MOST_LINES), printed.size())) {
      last.addLast(line);
      characters += line.length();
      while (last.size() > MOST_LINES || characters > MOST_CHARACTERS) {
        characters -= last.removeFirst().length();
      }
    }
    lines = List.copyOf(last);
  }

  List<String> lines() {
    return lines;
  }
}
