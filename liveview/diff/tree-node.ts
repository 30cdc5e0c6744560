/** TreeNode: what stands in a cell that holds more than one value. */
export abstract class TreeNode {
  /**
   * There may be functions in it, to be run again although nothing around them is: it must be looked into. Once true,
   * it stays so.
   */
  live = false;
}
