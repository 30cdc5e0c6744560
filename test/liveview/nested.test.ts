/** Nested views: what travels for them, dead and connected; the tokens of their joins. Wire protocol 2.4, 2.5, 16.1. */
import { describe, expect, test } from "vitest";
import type { ReportedCrash } from "../support/live-views.ts";
import { each, html, liveComponent, liveRender, liveView, renderToString, stream } from "../../liveview/index.ts";
import { ChildTokens } from "../../liveview/nested/child-tokens.ts";
import { TokenSigner } from "../../liveview/token.ts";
import { deadHtml, joinView } from "../support/live-views.ts";
