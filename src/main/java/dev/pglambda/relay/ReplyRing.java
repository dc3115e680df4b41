package dev.pglambda.relay;

import org.jspecify.annotations.Nullable;

/**
 * The entries of a {@link ReplyQueue}, a byte and a reference for each. Allocates only to grow;
 * what a long pipeline needed is given back behind it.
 */
final class ReplyRing {
  private static final int INITIAL_CAPACITY = 16;
  private static final int KEPT_CAPACITY = 1024;

  private byte[] kinds = new byte[INITIAL_CAPACITY];
  private @Nullable ReplyOwner[] owners = new @Nullable ReplyOwner[INITIAL_CAPACITY];
  private int head;
  private int size;

  int size() {
    return size;
  }

  /** The kind of the first entry; there must be one. */
  byte kind() {
    return kinds[head];
  }

  boolean headIs(byte kind) {
    return size > 0 && kinds[head] == kind;
  }

  /** The owner of the first entry; null if it has none, or there is no entry. */
  @Nullable ReplyOwner owner() {
    return size > 0 ? owners[head] : null;
  }

  boolean secondIs(byte kind, ReplyOwner owner) {
    int at = at(1);
    return size > 1 && kinds[at] == kind && owners[at] == owner;
  }

  void pop() {
    owners[head] = null;
    head = at(1);
    size--;
    if (size == 0 && kinds.length > KEPT_CAPACITY) {
      resize(INITIAL_CAPACITY);
    }
  }

  void push(byte kind, @Nullable ReplyOwner owner) {
    growIfFull();
    set(at(size), kind, owner);
  }

  void pushFront(byte kind, @Nullable ReplyOwner owner) {
    growIfFull();
    head = at(-1);
    set(head, kind, owner);
  }

  private void set(int at, byte kind, @Nullable ReplyOwner owner) {
    kinds[at] = kind;
    owners[at] = owner;
    size++;
  }

  private int at(int position) {
    return (head + position) & (kinds.length - 1);
  }

  private void growIfFull() {
    if (size == kinds.length) {
      resize(kinds.length * 2);
    }
  }

  private void resize(int capacity) {
    byte[] newKinds = new byte[capacity];
    @Nullable ReplyOwner[] newOwners = new @Nullable ReplyOwner[capacity];
    for (int i = 0; i < size; i++) {
      newKinds[i] = kinds[at(i)];
      newOwners[i] = owners[at(i)];
    }
    kinds = newKinds;
    owners = newOwners;
    head = 0;
  }
}
