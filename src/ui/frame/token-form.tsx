import { useRef } from "preact/hooks";
import { setToken, token } from "../state/api.js";

/** Asks for a token. It stays in this tab. */
export function TokenForm() {
  const input = useRef<HTMLInputElement>(null);
  return (
    <main class="middle">
      <h1>This service needs a token</h1>
      <p>
        {token.value === ""
          ? "It is one of API_TOKENS. Whoever runs the service can give you one."
          : "The service doesn't accept this token. It may have been replaced."}
      </p>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          const text = input.current?.value.trim() ?? "";
          if (text !== "") setToken(text);
        }}
      >
        <label>
          Token
          <input ref={input} type="password" autocomplete="off" required autofocus />
        </label>
        <button type="submit" class="button primary">
          Continue
        </button>
      </form>
      <p class="hint">
        It is kept in this tab until you close it, and sent in a header, never in an address.
      </p>
    </main>
  );
}
