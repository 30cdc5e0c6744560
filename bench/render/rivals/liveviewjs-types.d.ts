/** What we use of liveviewjs, whose own types cannot be found through its package's exports. */
declare module "liveviewjs" {
  export interface View {
    toString(): string;
    partsTree(includeStatics: boolean): object;
  }
  export function html(statics: TemplateStringsArray, ...dynamics: readonly unknown[]): View;
  export function deepDiff(before: object, now: object): object;
}
