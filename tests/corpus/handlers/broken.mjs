// A function whose package lacks a module.
import { count } from "inventory-client";

export const handle = async (event) => count(event);
