package dev.pglambda.direct.resolve;

import dev.pglambda.direct.resolve.OverloadResolution.Unresolved;
import dev.pglambda.protocol.SqlError;
import dev.pglambda.protocol.SqlState;
import dev.pglambda.sql.ExtensionCall.Function;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What PostgreSQL says of a call that it cannot resolve, in English (parse_func.c). */
final class ResolutionErrors {
  /** FUNC_MAX_ARGS, unless PostgreSQL is built otherwise. */
  private static final int MOST_ARGUMENTS = 100;

  private ResolutionErrors() {}

  /** What is wrong with the arguments' number, names and order, whatever the function; or null. */
  static @Nullable Unresolved notation(List<CallArgument> arguments) {
    if (arguments.size() > MOST_ARGUMENTS) {
      String message = "cannot pass more than " + MOST_ARGUMENTS + " arguments to a function";
      return new Unresolved(new SqlError(SqlState.TOO_MANY_ARGUMENTS, message), null);
    }
    Set<String> names = new HashSet<>();
    for (int i = 0; i < arguments.size(); i++) {
      String name = arguments.get(i).name();
      if (name == null && !names.isEmpty()) {
        return syntaxError("positional argument cannot follow named argument", i);
      }
      if (name != null && !names.add(name)) {
        return syntaxError("argument name \"" + name + "\" used more than once", i);
      }
    }
    return null;
  }

  private static Unresolved syntaxError(String message, int argument) {
    return new Unresolved(new SqlError(SqlState.SYNTAX_ERROR, message), argument);
  }

  /** No function takes these arguments. */
  static Unresolved doesNotExist(Function function, List<CallArgument> arguments) {
    return unresolved(
        SqlState.UNDEFINED_FUNCTION,
        "function " + signature(function, arguments) + " does not exist",
        "No function matches the given name and argument types.");
  }

  /** Several functions take these arguments, none better than the others. */
  static Unresolved isNotUnique(Function function, List<CallArgument> arguments) {
    return unresolved(
        SqlState.AMBIGUOUS_FUNCTION,
        "function " + signature(function, arguments) + " is not unique",
        "Could not choose a best candidate function.");
  }

  private static Unresolved unresolved(String sqlState, String message, String reason) {
    String hint = reason + " You might need to add explicit type casts.";
    return new Unresolved(new SqlError(sqlState, message, null, hint), null);
  }

  private static String signature(Function function, List<CallArgument> arguments) {
    return arguments.stream()
        .map(ResolutionErrors::signature)
        .collect(Collectors.joining(", ", function.qualifiedName() + "(", ")"));
  }

  private static String signature(CallArgument argument) {
    String type = argument.type() == null ? "unknown" : argument.type().name();
    return argument.name() == null ? type : argument.name() + " => " + type;
  }
}
