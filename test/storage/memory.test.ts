import { MemoryStorage } from "../../src/storage/memory.js";
import { storageContract } from "../contract/storage.js";

storageContract("MemoryStorage", async () => ({
  storage: new MemoryStorage(),
  leftovers: async () => [],
  close: async () => {},
}));
