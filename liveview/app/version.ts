/** Version of the official browser client whose protocol this server speaks; joins tell it, for clients that compare. */
export const clientVersion = "1.2.12";
