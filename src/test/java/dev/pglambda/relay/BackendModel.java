package dev.pglambda.relay;

import dev.pglambda.intercept.Rewrite.ReplacedSpan;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A PostgreSQL backend as far as the order of its replies goes (manual, "Message Flow";
 * src/backend/tcop/postgres.c, src/backend/commands/copyfromparse.c). It reads one message after
 * the other and replies step by step.
 */
final class BackendModel {

  /** Whose message it is. */
  enum Owner {
    CLIENT,
    OFFER,
    STORE
  }

  /**
   * A message to the backend.
   *
   * @param statements what a Query or an Execute does: {@code s}elect, co{@code m}mand, copy {@code
   *     i}n, {@code o}ut, {@code w} both, {@code e}mpty, {@code p}ortal suspended
   * @param rewritten those of its statements that were rewritten
   */
  record Sent(char type, String statements, @Nullable List<ReplacedSpan> rewritten, Owner owner) {

    /** The rewritten statement with this index. */
    @Nullable ReplacedSpan rewritten(int index) {
      return rewritten == null
          ? null
          : rewritten.stream().filter(one -> one.index() == index).findFirst().orElse(null);
    }
  }

  /**
   * A reply.
   *
   * @param to the message it answers; null for an asynchronous one
   * @param statement which statement of that message it is about
   */
  record Reply(char type, @Nullable Sent to, int statement) {}

  private final Deque<Sent> unread = new ArrayDeque<>();
  private final Deque<Reply> replies = new ArrayDeque<>();

  /** What is left to do of the message being handled; {@code '.'} ends a statement. */
  private final StringBuilder todo = new StringBuilder();

  /** What follows once the COPY has ended. */
  private final StringBuilder held = new StringBuilder();

  /** Read while a COPY waited for data. */
  private final Set<Sent> ignored = Collections.newSetFromMap(new IdentityHashMap<>());

  private @Nullable Sent current;
  private int statement;
  private boolean skipping;
  private boolean copying;
  private boolean dead;

  /** A message arrives at the backend's socket. */
  void send(Sent message) {
    unread.add(message);
  }

  /** Whether the connection has ended, after a violation of the protocol. */
  boolean isDead() {
    return dead;
  }

  /** The next reply on its way to the client; null if there is none. */
  @Nullable Reply deliver() {
    return replies.poll();
  }

  /** A message that nobody has asked for: NoticeResponse, ParameterStatus, NotificationResponse. */
  void asynchronous(char type) {
    if (!dead) {
      replies.add(new Reply(type, null, 0));
    }
  }

  /** Whether it will say more, or waits for the rest of a COPY. */
  boolean owes() {
    if (current != null || replies.stream().anyMatch(reply -> reply.to() != null)) {
      return true;
    }
    boolean skip = skipping;
    for (Sent message : unread) {
      skip &= message.type() != 'S';
      if (!skip && "QPBDECSF".indexOf(message.type()) >= 0) {
        return true;
      }
    }
    return false;
  }

  /** Whether a message got no reply because it came where data were expected. */
  boolean hasIgnored(Sent message) {
    return ignored.contains(message);
  }

  /** Whether there is nothing that it could do. */
  boolean isIdle() {
    return dead || (todo.length() == 0 && unread.isEmpty());
  }

  /** Does one step: reads a message, or sends one reply. */
  void step() {
    if (dead) {
      return;
    }
    if (todo.length() > 0) {
      reply();
    } else if (copying) {
      copy();
    } else if (!unread.isEmpty()) {
      begin(unread.remove());
    }
  }

  /**
   * The next step fails.
   *
   * @param anywhere whether it may be by a cancel request: at any moment, also while a COPY waits
   */
  void fail(boolean anywhere) {
    if (dead) {
      return;
    }
    if (copying && todo.length() == 0 && !anywhere) {
      // Bad data are read first.
      if (!unread.isEmpty() && "dcf".indexOf(unread.element().type()) >= 0) {
        unread.remove();
        error();
      }
    } else if (current != null) {
      error();
    } else if (!unread.isEmpty()) {
      begin(unread.remove());
      if (current != null) {
        error();
      }
    }
  }

  private void begin(Sent message) {
    if (skipping && message.type() != 'S') {
      return;
    }
    skipping = false;
    String plan =
        switch (message.type()) {
          case 'P' -> "1.";
          case 'B' -> "2.";
          case 'C' -> "3.";
          case 'D' -> message.statements().equals("S") ? "tT." : "n.";
          case 'F' -> "V.Z";
          case 'S' -> "Z";
          case 'E' -> plan(message.statements().charAt(0), false);
          case 'Q' -> {
            StringBuilder all = new StringBuilder();
            message.statements().chars().forEach(kind -> all.append(plan((char) kind, true)));
            yield all + "Z";
          }
          default -> ""; // Flush; CopyData, CopyDone, CopyFail where there is no COPY
        };
    if (!plan.isEmpty()) {
      current = message;
      statement = 0;
      todo.append(plan);
    }
  }

  private static String plan(char kind, boolean simple) {
    String rows = simple ? "T" : "";
    return switch (kind) {
      case 's' -> rows + "DDC.";
      case 'o' -> "HddcC.";
      case 'i' -> "GC.";
      case 'w' -> "WdcC.";
      case 'e' -> simple ? "I" : "I.";
      case 'p' -> simple ? rows + "DC." : "Ds.";
      default -> "C.";
    };
  }

  private void reply() {
    char type = todo.charAt(0);
    replies.add(new Reply(type, current, statement));
    boolean ended = todo.length() > 1 && todo.charAt(1) == '.';
    todo.delete(0, ended ? 2 : 1);
    statement += ended ? 1 : 0;
    if (type == 'G' || type == 'W') {
      copying = true;
      held.append(todo);
      todo.setLength(0);
    } else if (todo.length() == 0) {
      current = null;
    }
  }

  private void copy() {
    if (unread.isEmpty()) {
      return;
    }
    Sent message = unread.remove();
    switch (message.type()) {
      case 'd' -> {
        // data
      }
      case 'H', 'S' -> ignored.add(message);
      case 'c' -> {
        copying = false;
        todo.append(held);
        held.setLength(0);
      }
      case 'f' -> error();
      default -> {
        error();
        dead = true; // "terminating connection because protocol synchronization was lost"
      }
    }
  }

  private void error() {
    Sent failed = current;
    if (failed == null) {
      return;
    }
    replies.add(new Reply('E', failed, statement));
    copying = false;
    todo.setLength(0);
    held.setLength(0);
    if ("QFS".indexOf(failed.type()) >= 0) {
      todo.append('Z');
    } else {
      skipping = true;
      current = null;
    }
  }
}
