package dev.pglambda.command;

import dev.pglambda.command.CommandException.Obstacle;
import dev.pglambda.config.AdminCommand.Calls;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Lists calls, and goes on with those that come. */
final class CallsCommand {
  /** The most that the API gives at once. */
  private static final int PAGE = 1000;

  private static final int MOST_REMEMBERED = 20_000;
  private static final int SECONDS_BETWEEN_TRIES = 1;

  private final Calls command;
  private final AdminClient client;
  private final CallPrinter printer;
  private final PrintStream err;

  /** What was printed, so that nothing is twice if it is in the list and comes as an event, too. */
  private final Set<String> printed = Collections.newSetFromMap(new Remembered());

  /** When the first call began that was printed; null: none was. */
  private @Nullable String since;

  /** Forgets the oldest. */
  private static final class Remembered extends LinkedHashMap<String, Boolean> {
    private static final long serialVersionUID = 1L;

    @Override
    protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
      return size() > MOST_REMEMBERED;
    }
  }

  CallsCommand(Calls command, AdminClient client, CallPrinter printer, PrintStream err) {
    this.command = command;
    this.client = client;
    this.printer = printer;
    this.err = err;
  }

  /** Returns the exit code; never, if it follows, but for exceptions. */
  int run() throws CommandException, InterruptedException {
    if (!command.follow()) {
      print(list(command.limit()));
      return 0;
    }
    watch(command.limit());
    while (true) {
      err.println(command.admin() + ": the connection is lost; it is tried again until it is back");
      awaitProxy();
    }
  }

  /** Watches each time that there is something to watch. */
  private void awaitProxy() throws CommandException, InterruptedException {
    while (true) {
      TimeUnit.SECONDS.sleep(SECONDS_BETWEEN_TRIES);
      try {
        watch(PAGE);
        return;
      } catch (CommandException e) {
        if (e.obstacle() != Obstacle.UNREACHABLE) {
          throw e;
        }
      }
    }
  }

  /** Prints what is there and what comes, until the connection is lost. */
  private void watch(int limit) throws CommandException, InterruptedException {
    try (CallEvents events = client.events()) {
      print(list(limit)); // after the events have begun, so that no call is between both
      for (ListedCall call = events.next(); call != null; call = events.next()) {
        print(call);
      }
    } catch (IOException e) {
      throw client.notOurs();
    }
  }

  /** The newest calls that the command asks for, the newest last. */
  private List<ListedCall> list(int limit) throws CommandException, InterruptedException {
    List<ListedCall> calls = new ArrayList<>();
    List<ListedCall> page;
    do {
      page = page(limit - calls.size(), calls.isEmpty() ? null : calls.get(calls.size() - 1).id());
      calls.addAll(page);
    } while (!page.isEmpty() && calls.size() < limit);
    Collections.reverse(calls);
    return calls;
  }

  /** The API ends an answer before it gets too long: what is missing, the next one has. */
  private List<ListedCall> page(int limit, @Nullable Long before)
      throws CommandException, InterruptedException {
    StringBuilder path = new StringBuilder("/api/invocations?limit=").append(Math.min(limit, PAGE));
    String function = command.function();
    if (function != null) {
      path.append("&function=").append(AdminClient.encode(function));
    }
    if (command.failed()) {
      path.append("&outcome=failed");
    }
    if (since != null) {
      path.append("&since=").append(AdminClient.encode(since));
    }
    if (before != null) {
      path.append("&before=").append(before);
    }
    if (command.follow() || !command.json()) {
      path.append("&fields=summary");
    }
    try {
      return ListedCall.parseList(client.get(path.toString()));
    } catch (IOException e) {
      throw client.notOurs();
    }
  }

  private void print(List<ListedCall> calls) throws CommandException {
    for (ListedCall call : calls) {
      print(call);
    }
  }

  private void print(ListedCall call) throws CommandException {
    String key = call.id() + " " + call.startedAt() + " ";
    if (!isAskedFor(call)
        || printed.contains(key + "failed")
        || (printed.contains(key + "ended") && !call.hasFailed())) {
      return;
    }
    // An Event can fail after its call has ended.
    if (printed.add(key + (call.hasFailed() ? "failed" : call.hasEnded() ? "ended" : "begun"))) {
      since = since == null ? call.startedAt() : since;
      printer.print(call);
    }
  }

  /** As the API decides it. */
  private boolean isAskedFor(ListedCall call) {
    return (command.function() == null || command.function().equals(call.functionName()))
        && (!command.failed() || call.hasFailed());
  }
}
