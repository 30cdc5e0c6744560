import { describe, expect, test } from "vitest";
import { z } from "zod";
import { ConfigError, defineConfig } from "../../liveview/app/config.ts";
import { simKernel } from "../support/kernels.ts";

const define = () =>
  defineConfig({
    schema: z.object({
      database: z.url(),
      pageSize: z.coerce.number().int().min(1),
      colors: z.array(z.string()).optional(),
    }),
    defaults: { pageSize: 50 },
    environments: {
      development: { database: "postgres://localhost/shop" },
      production: { pageSize: 100, colors: ["red"] },
    },
    variables: { database: "DATABASE_URL", pageSize: "PAGE_SIZE" },
    fixed: ["database"],
  });

function setup() {
  const { kernel } = simKernel();
  const config = define();
  const read = (variables: Record<string, string>) => config.read(kernel, variables);
  return { kernel, config, read };
}

describe("defineConfig", () => {
  test("O2: defaults, then those of the environment, then variables", async () => {
    const { read } = setup();
    expect(await read({})).toEqual({ database: "postgres://localhost/shop", pageSize: 50 });
    expect(await read({ PAGE_SIZE: "7" })).toEqual({ database: "postgres://localhost/shop", pageSize: 7 });
    const production = { LINTEL_ENV: "production", DATABASE_URL: "postgres://db/shop" };
    expect(await read(production)).toEqual({ database: "postgres://db/shop", pageSize: 100, colors: ["red"] });
    expect(await read({ NODE_ENV: "production", ...production, LINTEL_ENV: "" })).toMatchObject({ pageSize: 100 });
    expect(await read({ NODE_ENV: "production", LINTEL_ENV: "development" })).toMatchObject({ pageSize: 50 });
  });

  test("O2: an empty variable counts as not set", async () => {
    expect(await setup().read({ PAGE_SIZE: "" })).toMatchObject({ pageSize: 50 });
  });

  test("O2: the error names each key that is wrong, and its variable, and shows no value", async () => {
    const { read } = setup();
    const failed = await read({ DATABASE_URL: "my secret", PAGE_SIZE: "none" }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(ConfigError);
    expect((failed as ConfigError).code).toBe("ERR_CONFIG");
    expect((failed as ConfigError).message).toMatch(
      /^Config: database \(environment variable DATABASE_URL\): .*; pageSize \(environment variable PAGE_SIZE\): .*\.$/,
    );
    expect((failed as ConfigError).message).not.toContain("my secret");
  });

  test("O2: a key that is missing, and has no variable", async () => {
    const { kernel } = simKernel();
    const config = defineConfig({ schema: z.object({ list: z.array(z.object({ size: z.number() })) }) });
    await expect(config.read(kernel, {})).rejects.toThrow(/^Config: list: .+\.$/);
  });

  test("O2: the values are read by processes, typed and frozen", async () => {
    const { kernel, config, read } = setup();
    expect(() => config.get(kernel)).toThrow("thread 0 has no values of it");
    config.take(kernel, await read({ LINTEL_ENV: "production", DATABASE_URL: "postgres://db/shop" }));
    const values = config.get(kernel);
    expect(values.pageSize.toFixed(1)).toBe("100.0");
    expect(() => Object.assign(values, { pageSize: 1 })).toThrow(TypeError);
    expect(() => values.colors?.push("blue")).toThrow(TypeError);
    expect(config.get(kernel)).toBe(values);
  });

  test("O2: a change tells which keys, and what was before; no change tells nothing", async () => {
    const { kernel, config, read } = setup();
    expect(config.take(kernel, await read({}))).toBeUndefined();
    expect(config.take(kernel, await read({}))).toBeUndefined();
    expect(config.take(kernel, await read({ PAGE_SIZE: "7" }))).toEqual({
      changed: ["pageSize"],
      before: { database: "postgres://localhost/shop", pageSize: 50 },
      now: { database: "postgres://localhost/shop", pageSize: 7 },
    });
    expect(config.get(kernel).pageSize).toBe(7);
  });

  test("O2: a fixed key cannot change any more; what has not been taken changes nothing", async () => {
    const { kernel, config, read } = setup();
    config.take(kernel, await read({}));
    await expect(read({ DATABASE_URL: "postgres://other/shop", PAGE_SIZE: "7" })).rejects.toThrow(
      "Config: database: cannot change while the app runs. Start it anew.",
    );
    expect(config.get(kernel)).toEqual({ database: "postgres://localhost/shop", pageSize: 50 });
  });

  test("O2: two kernels of one thread have values of their own", async () => {
    const { kernel, config, read } = setup();
    const other = simKernel().kernel;
    config.take(kernel, await read({ PAGE_SIZE: "1" }));
    config.take(other, await config.read(other, { PAGE_SIZE: "2" }));
    expect([config.get(kernel).pageSize, config.get(other).pageSize]).toEqual([1, 2]);
  });

  test.each([
    [{ schema: { parse: () => ({}) } }, "expected schema to be a Standard Schema"],
    [{ schema: z.object({}), variables: { size: "" } }, 'expected variables.size to be the name of a variable, got ""'],
  ])("refuses what makes no sense: %#", (wrong, message) => {
    expect(() => defineConfig(wrong as never)).toThrow(message);
  });

  test("a schema that is none of an object", async () => {
    const config = defineConfig({ schema: z.any() as never });
    await expect(config.read(simKernel().kernel, {})).resolves.toEqual({});
    const text = defineConfig({ schema: z.any().transform(() => "text") as never });
    await expect(text.read(simKernel().kernel, {})).rejects.toThrow('schema to be that of an object, got "text"');
  });
});
