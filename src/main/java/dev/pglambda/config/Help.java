package dev.pglambda.config;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.ArgGroupSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** What {@code --help} and {@code --version} print. */
final class Help {
  private static final String NAME = "pg-lambda-proxy";
  private static final int WIDTH = 100;
  private static final int OPTION_WIDTH = 30;

  private Help() {}

  static String version() {
    String version = Help.class.getPackage().getImplementationVersion();
    return NAME + " " + (version == null ? "(built from classes, no version)" : version);
  }

  static String text() {
    CommandSpec command = CommandSpec.create();
    command.parser().separator(" ");
    List<ArgGroupSpec.Builder> groups = new ArrayList<>();
    for (Option option : Option.values()) {
      if (option.heading() != null) {
        String heading = "%n" + option.heading() + ":%n";
        groups.add(ArgGroupSpec.builder().validate(false).order(groups.size()).heading(heading));
      }
      groups.get(groups.size() - 1).addArg(CommandLineArguments.declare(option));
    }
    groups.forEach(group -> command.addArgGroup(group.build()));
    layout(command)
        .customSynopsis(
            "java -jar target/pg-lambda-proxy.jar [run] [options]",
            "       java -jar target/pg-lambda-proxy.jar calls|replay --help")
        .description(
            "%nA PostgreSQL proxy that gives any PostgreSQL the aws_lambda and aws_commons extensions"
                + " of Amazon RDS and Aurora. Without options it starts an embedded PostgreSQL.")
        .footer(
            "%nAn option counts before its variable, and that before the default. The AWS SDK reads"
                + " its own variables and files: credentials, profiles, endpoints.",
            "Exit codes: 0 orderly end, 1 failure, 2 bad usage.");
    return new CommandLine(command).getUsageMessage(Ansi.OFF).stripTrailing();
  }

  /** How all our help looks. */
  static UsageMessageSpec layout(CommandSpec command) {
    return command.usageMessage().width(WIDTH).longOptionsMaxWidth(OPTION_WIDTH).sortOptions(false);
  }
}
