// What a shop's program would write; compiled with the client, strictly.
import { Configuration, PaymentsApi, type NewPaymentBody } from "./client";

const body: NewPaymentBody = { amount_minor: 1250, currency: "CNY", store: "sto_1" };
const payments = new PaymentsApi(new Configuration({ accessToken: "tm_test_1" }));

export const amount: Promise<number> = payments
  .createPayment("order-1", body)
  .then((answer) => answer.data.amount_minor);
