/**
 * File inputs and image previews of uploads, in the markup that the client's upload code looks for.
 * Source: the wire protocol, section 12.1.
 */
import { attrs, type GlobalAttributes } from "../template/attributes.ts";
import { type ComponentCall, component } from "../template/function-component.ts";
import type { AttributeInput } from "../template/rendered.ts";
import { html } from "../template/template.ts";

/** What is shown of one file. */
export interface UploadEntryView {
  readonly ref: string;
  readonly uploadRef: string;
  readonly isDone: boolean;
  readonly isPreflighted: boolean;
}

/** What is shown of an upload. */
export interface UploadView {
  /** Unique in the page; the input's id. */
  readonly ref: string;
  readonly name: string;
  /** Extensions and MIME types, joined by commas; undefined: any. */
  readonly accept?: string | undefined;
  readonly maxEntries: number;
  readonly autoUpload?: boolean;
  readonly entries: readonly UploadEntryView[];
  /** By whose ref: a file's, or the upload's own. */
  readonly errors: readonly (readonly [ref: string, error: string])[];
}

export type LiveFileInputs = GlobalAttributes & {
  readonly upload: UploadView;
  readonly [name: `form${string}`]: AttributeInput;
  readonly required?: AttributeInput;
  readonly disabled?: AttributeInput;
  readonly capture?: AttributeInput;
};

/** The input of an upload. */
export const liveFileInput: (inputs: LiveFileInputs) => ComponentCall = component(
  ({ upload, ...rest }: LiveFileInputs) => {
    const { ref, name, accept, maxEntries, autoUpload = false, entries, errors } = upload;
    const refs = (wanted: (entry: UploadEntryView) => boolean) =>
      entries
        .filter(wanted)
        .map((entry) => entry.ref)
        .join();
    return html`<input ${attrs({
      id: ref,
      type: "file",
      name,
      accept,
      multiple: maxEntries > 1,
      "data-phx-hook": "Phoenix.LiveFileUpload",
      "data-phx-upload-ref": ref,
      // These three are there also when they are empty.
      "data-phx-active-refs": refs(() => true),
      "data-phx-done-refs": refs(({ isDone }) => isDone),
      "data-phx-preflighted-refs": refs(({ isPreflighted }) => isPreflighted),
      "data-phx-error-refs": errors.length > 0 && errors.map(([of]) => of).join(),
      "data-phx-auto-upload": autoUpload,
      ...rest,
    })}>`;
  },
);

export type LiveImgPreviewInputs = Omit<GlobalAttributes, "id"> & {
  readonly entry: UploadEntryView;
  readonly id?: string;
  readonly alt?: string;
  readonly width?: AttributeInput;
  readonly height?: AttributeInput;
};

/** The chosen image, before it is uploaded: the client fills it in. */
export const liveImgPreview: (inputs: LiveImgPreviewInputs) => ComponentCall = component(
  ({ entry, id = `phx-preview-${entry.ref}`, ...rest }: LiveImgPreviewInputs) =>
    html`<img ${attrs({
      id,
      "data-phx-upload-ref": entry.uploadRef,
      "data-phx-entry-ref": entry.ref,
      "data-phx-hook": "Phoenix.LiveImgPreview",
      "data-phx-update": "ignore",
      ...rest,
    } as Record<string, AttributeInput>)}>`,
);

/** What is wrong with a file; or, without one, with the upload as a whole. */
export function uploadErrors(upload: UploadView, entry?: UploadEntryView): readonly string[] {
  const ref = entry?.ref ?? upload.ref;
  return upload.errors.filter(([of]) => of === ref).map(([, error]) => error);
}
