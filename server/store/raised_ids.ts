/** What became of a store's inboxes whose ids were raised by `ID_JUMP`. */
export interface RaisedIds {
  /** All inboxes. */
  inboxes: number;
  /** Those of them that have no further id: they take no message until they start anew. */
  usedUp: number;
}

/** What became of the inboxes that had used up their ids. */
export interface RestartedIds {
  /** Inboxes that start with the id 1 again. */
  restarted: number;
  /** The names of users for whom messages still wait: theirs can't. */
  waiting: string[];
}
