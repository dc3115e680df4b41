package dev.pglambda.command;

import dev.pglambda.command.CommandException.Obstacle;
import dev.pglambda.config.AdminCommand;
import dev.pglambda.config.AdminCommand.Calls;
import dev.pglambda.config.AdminCommand.ReplayCall;
import java.io.PrintStream;

/** Runs a command. */
public final class Command {
  private static final int DONE = 0;
  private static final int FAILED = 1;

  private Command() {}

  /**
   * Returns when there is no more to print: with the exit code 0, or with 1 and one line of why. An
   * interrupt ends it, too.
   *
   * @param out gets bytes in UTF-8; if its reader goes, the command has done its work
   */
  public static int run(AdminCommand command, PrintStream out, PrintStream err) {
    AdminClient client = new AdminClient(command.admin(), command.token());
    try {
      if (command instanceof Calls calls) {
        return new CallsCommand(calls, client, new CallPrinter(out, calls.json()), err).run();
      } else if (command instanceof ReplayCall replay) {
        return new ReplayCommand(replay, client, new CallPrinter(out, replay.json())).run();
      }
      throw new IllegalArgumentException("command: " + command);
    } catch (CommandException e) {
      if (e.obstacle() == Obstacle.OUTPUT_CLOSED) {
        return DONE;
      }
      err.println(e.getMessage());
      return FAILED;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return FAILED;
    }
  }
}
