package dev.pglambda.command;

import dev.pglambda.config.AdminCommand.ReplayCall;
import java.io.IOException;

/** Makes a call once more. */
final class ReplayCommand {
  private final ReplayCall command;
  private final AdminClient client;
  private final CallPrinter printer;

  ReplayCommand(ReplayCall command, AdminClient client, CallPrinter printer) {
    this.command = command;
    this.client = client;
    this.printer = printer;
  }

  /** Returns the exit code: 1 if the new call has failed. */
  int run() throws CommandException, InterruptedException {
    byte[] answer = client.replay(command.id(), command.payload());
    try {
      ListedCall call = ListedCall.parse(answer);
      printer.print(call);
      printer.printAnswer(call);
      return call.hasFailed() ? 1 : 0;
    } catch (IOException e) {
      throw client.notOurs();
    }
  }
}
