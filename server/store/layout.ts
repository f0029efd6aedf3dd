/**
 * Constants that the kinds of store share, so that rows of one fit the other
 * unchanged.
 *
 * @module
 */

/**
 * Number of message ids that each inbox skips after a store went back in time:
 * more than can have arrived in one inbox since. Otherwise ids that clients have
 * seen would be reused. An inbox has ids for 255 jumps.
 */
export const ID_JUMP: number = 2 ** 24;

/** Maximum content bytes in a message's row; the rest is in parts of this size. */
export const PART_SIZE: number = 1024 * 1024;
