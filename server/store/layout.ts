/**
 * What both kinds of store have in common, so that the rows of one can go into
 * the other as they are.
 *
 * @module
 */

/**
 * Message ids that each inbox leaves out where a store went back in time: more
 * than can have come into one inbox since. Without them ids would come again
 * that clients have seen. It can be done 255 times.
 */
export const ID_JUMP: number = 2 ** 24;

/** Bytes of a message's content that stand in its row; the rest stands in parts of this size. */
export const PART_SIZE: number = 1024 * 1024;
