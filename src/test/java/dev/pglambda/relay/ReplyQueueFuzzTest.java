package dev.pglambda.relay;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.pglambda.intercept.Rewrite.ReplacedSpan;
import dev.pglambda.relay.BackendModel.Owner;
import dev.pglambda.relay.BackendModel.Reply;
import dev.pglambda.relay.BackendModel.Sent;
import dev.pglambda.testing.FuzzInput;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;

/**
 * The reply queue between a client and {@link BackendModel}, with any interleaving of what is sent,
 * done and delivered. A script is text:
 *
 * <pre>
 *   P p B D d C F S H    the client sends it: Parse, Parse of a rewritten text, Bind, Describe a portal, a statement ..
 *   Qsm. Esm             Query of several statements; Execute; M is a rewritten statement; R before it: with an offer
 *   K k f                CopyData, CopyDone, CopyFail
 *   {@literal >}         the server does one step      !  one that fails
 *   n a =                it sends a notice, a notification, a parameter
 *   {@literal <}         the proxy receives the next reply
 *   z                    with the next ReadyForQuery the proxy has the keys stored, if it can
 * </pre>
 */
class ReplyQueueFuzzTest {
  private static final byte[] REWRITABLE = {'Q', 'P', 'E'};

  @FuzzTest
  void staysInStepWithABackend(byte[] script) {
    new Play(true).run(new FuzzInput(script));
  }

  @FuzzTest
  void keepsTheRepliesToItsOwnMessagesFromAnyClient(byte[] script) {
    new Play(false).run(new FuzzInput(script));
  }

  /** Neither peer keeps to any rule. */
  @FuzzTest
  void survivesAnySequence(byte[] types) {
    ReplyQueue queue = new ReplyQueue();
    List<ReplacedSpan> rewritten = List.of(new ReplacedSpan(0, "X", 0, 1, 2));
    int sent = 1;
    FuzzInput fuzzed = new FuzzInput(types);
    while (!fuzzed.isEmpty()) {
      byte type = (byte) fuzzed.next();
      switch (fuzzed.below(5)) {
        case 0 -> queue.sent(type);
        case 1 -> queue.sent(REWRITABLE[fuzzed.below(REWRITABLE.length)], rewritten);
        case 2 -> {
          if (queue.canOffer()) {
            queue.expectOffer(CallbackKeyDelivery.OFFER_TYPES);
            sent += CallbackKeyDelivery.OFFER_TYPES.length;
          }
        }
        default -> {
          queue.swallows(type);
          queue.current();
          queue.received(type);
        }
      }
      sent++;
      assertThat(queue.size()).isBetween(0, sent);
      assertThat(queue.isEmpty()).isEqualTo(queue.size() == 0);
    }
    for (int i = 0; i <= sent; i++) {
      queue.received((byte) 'Z');
    }
    assertThat(queue.isEmpty()).isTrue();
    assertThat(queue.canOffer()).as("sure, after replies that were not owed").isFalse();
  }

  /** One session. */
  private static final class Play {
    private static final ReplacedSpan[] REWRITTEN = {
      new ReplacedSpan(0, "CREATE EXTENSION", 0, 9, 90),
      new ReplacedSpan(1, "CREATE EXTENSION", 10, 19, 90),
      new ReplacedSpan(2, "ALTER EXTENSION", 20, 29, 90),
      new ReplacedSpan(3, "ALTER EXTENSION", 30, 39, 90)
    };

    private final ReplyQueue queue = new ReplyQueue();
    private final BackendModel backend = new BackendModel();

    /** Whether the client keeps to the protocol. */
    private final boolean valid;

    /** COPYs from the client that it has begun and must end before anything else. */
    private int copies;

    private boolean copyData;
    private boolean syncInCopy;
    private boolean storeNext;

    /** The Sync of the proxy's own that was sent behind a Query. */
    private final IdentityHashMap<Sent, Sent> syncs = new IdentityHashMap<>();

    Play(boolean valid) {
      this.valid = valid;
      for (char type : "RSKZ".toCharArray()) {
        queue.received((byte) type);
      }
    }

    void run(FuzzInput script) {
      while (!script.isEmpty() && !backend.isDead()) {
        step(script.nextChar(), script);
      }
      if (valid) {
        while (copies > 0) {
          send('c', "");
        }
        send('S', "");
      }
      do {
        while (!backend.isIdle()) {
          backend.step();
        }
      } while (deliver());
      if (valid) {
        assertThat(queue.isEmpty()).isTrue();
        // Of a COPY that fails it is not known whether it has failed before it came to a Sync.
        assertThat(queue.canOffer() || syncInCopy).as("sure of what belongs to what").isTrue();
      }
    }

    private void step(char c, FuzzInput script) {
      switch (c) {
        case 'P', 'B', 'C', 'F', 'S', 'H' -> send(c, "");
        case 'd' -> send('D', "S");
        case 'D' -> send('D', "P");
        case 'p' -> parseRewritten();
        case 'Q', 'R' -> query(statements(script), c == 'R');
        case 'E' -> execute(script.nextChar());
        case 'K' -> send('d', "");
        case 'k' -> send('c', "");
        case 'f' -> send('f', "");
        case '>' -> backend.step();
        case '!' -> backend.fail(!valid);
        case 'n' -> backend.asynchronous('N');
        case 'a' -> backend.asynchronous('A');
        case '=' -> backend.asynchronous('S');
        case '<' -> deliver();
        case 'z' -> storeNext = true;
        default -> {
          // no meaning
        }
      }
      checkOwed();
    }

    private static String statements(FuzzInput script) {
      StringBuilder statements = new StringBuilder();
      char c = script.nextChar();
      while (statements.length() < REWRITTEN.length && "smMiowep".indexOf(c) >= 0) {
        statements.append(c);
        c = script.nextChar();
      }
      return statements.length() == 0 ? "e" : statements.toString().replace("e", "");
    }

    private boolean mayNotSend(char type) {
      return valid
          && (copies > 0
              ? "dcfHS".indexOf(type) < 0 || (type == 'S' && copyData)
              : "dcf".indexOf(type) >= 0);
    }

    private void send(char type, String statements) {
      if (mayNotSend(type)) {
        return;
      }
      if (type == 'c' || type == 'f') {
        copies--;
        copyData = false;
      }
      copyData |= type == 'd';
      syncInCopy |= type == 'S' && copies > 0;
      queue.sent((byte) type);
      backend.send(new Sent(type, statements, null, Owner.CLIENT));
    }

    private void query(String statements, boolean offering) {
      if (mayNotSend('Q')) {
        return;
      }
      List<ReplacedSpan> rewritten = rewritten(statements);
      String kinds = statements.isEmpty() ? "e" : statements.replace('M', 'm');
      boolean offered = offering && queue.canOffer();
      if (offered) {
        offer();
      }
      if (rewritten.isEmpty()) {
        queue.sent((byte) 'Q');
      } else {
        queue.sent((byte) 'Q', rewritten);
      }
      Sent query = new Sent('Q', kinds, rewritten, Owner.CLIENT);
      backend.send(query);
      if (offered) {
        queue.expectOffer((byte) 'S');
        Sent sync = new Sent('S', "", null, Owner.OFFER);
        backend.send(sync);
        syncs.put(query, sync);
      }
      syncInCopy |= offered && kinds.contains("i");
      copies = (int) kinds.chars().filter(kind -> kind == 'i' || kind == 'w').count();
    }

    private static List<ReplacedSpan> rewritten(String statements) {
      List<ReplacedSpan> rewritten = new ArrayList<>();
      for (int i = 0; i < statements.length(); i++) {
        if (statements.charAt(i) == 'M') {
          rewritten.add(REWRITTEN[i]);
        }
      }
      return rewritten;
    }

    private void execute(char kind) {
      if (mayNotSend('E')) {
        return;
      }
      List<ReplacedSpan> rewritten = kind == 'M' ? List.of(REWRITTEN[0]) : null;
      String known = "smioep".indexOf(kind) >= 0 ? String.valueOf(kind) : "m";
      if (rewritten == null) {
        queue.sent((byte) 'E');
      } else {
        queue.sent((byte) 'E', rewritten);
      }
      backend.send(new Sent('E', known, rewritten, Owner.CLIENT));
      copies = known.equals("i") ? 1 : 0;
    }

    private void parseRewritten() {
      if (mayNotSend('P')) {
        return;
      }
      if (queue.canOffer()) {
        offer();
      }
      List<ReplacedSpan> rewritten = List.of(REWRITTEN[0]);
      queue.sent((byte) 'P', rewritten);
      backend.send(new Sent('P', "", rewritten, Owner.CLIENT));
    }

    private void offer() {
      queue.expectOffer(CallbackKeyDelivery.OFFER_TYPES);
      for (byte type : CallbackKeyDelivery.OFFER_TYPES) {
        backend.send(new Sent((char) type, "", null, Owner.OFFER));
      }
    }

    /** The proxy receives the next reply. */
    private boolean deliver() {
      Reply reply = backend.deliver();
      if (reply == null) {
        return false;
      }
      byte type = (byte) reply.type();
      Sent to = reply.to();
      if (to == null) {
        assertThat(type == 'N' || !queue.swallows(type)).as("asynchronous").isTrue();
      } else {
        checkSwallowed(reply, to);
        if (valid && "TDCEVHGWIs".indexOf(reply.type()) >= 0) {
          assertThat(queue.current()).isEqualTo(to.rewritten(reply.statement()));
        }
      }
      queue.received(type);
      if (reply.type() == 'Z' && storeNext && queue.canOffer()) {
        storeNext = false;
        store();
      }
      checkOwed();
      return true;
    }

    private void checkSwallowed(Reply reply, Sent to) {
      boolean swallowed = queue.swallows((byte) reply.type());
      if (reply.type() == 'E') {
        // Of an offer that fails it is the client's.
        assertThat(swallowed || to.owner() != Owner.STORE).isTrue();
        assertThat(swallowed && valid).isEqualTo(valid && to.owner() == Owner.STORE);
      } else if (reply.type() == 'Z') {
        if (valid) {
          assertThat(swallowed).isEqualTo(to.type() == 'Q' && syncOfOfferFollows(to));
        }
      } else if (to.owner() != Owner.CLIENT) {
        assertThat(swallowed).as("of the proxy's own").isTrue();
      } else if (valid) {
        assertThat(swallowed).as("of the client's").isFalse();
      }
    }

    private boolean syncOfOfferFollows(Sent query) {
      Sent sync = syncs.get(query);
      return sync != null && !backend.hasIgnored(sync);
    }

    private void store() {
      queue.expectStore(CallbackKeyDelivery.STORE_TYPES);
      for (byte type : CallbackKeyDelivery.STORE_TYPES) {
        String statement = type == 'E' ? "m" : "";
        backend.send(new Sent((char) type, statement, null, Owner.STORE));
      }
    }

    private void checkOwed() {
      if (valid) {
        assertThat(queue.isEmpty()).as("nothing is owed").isEqualTo(!backend.owes());
      }
    }
  }
}
